package desk

import "balcao/kiosk"

// WipedVisit returns the bytes that a visit held before it was wiped.
func WipedVisit(fill func() []byte) [][]byte {
	v := &visit{jobs: newQueue[cardJob](), attempts: map[kiosk.Channel]attempt{kiosk.SMS: {code: fill()}}}
	pin := kiosk.Secret(fill())
	v.jobs.put(cardJob{pin: pin})
	v.read.Files.Identity, v.read.Files.SOD, v.read.Files.Photo = fill(), fill(), fill()
	v.read.Chain = [][]byte{fill(), fill()}
	v.challenge, v.evidence.SealedPIN, v.evidence.JWS, v.evidence.Proof = fill(), fill(), fill(), fill()
	v.read.Travel.SOD, v.read.Travel.Groups = fill(), map[int][]byte{1: fill(), 2: fill()}
	v.read.Zone, v.read.Secret.text = fill(), fill()
	held := [][]byte{
		pin, v.attempts[kiosk.SMS].code, v.read.Files.Identity, v.read.Files.SOD, v.read.Files.Photo,
		v.read.Chain[0], v.read.Chain[1], v.challenge, v.evidence.SealedPIN, v.evidence.JWS, v.evidence.Proof,
		v.read.Travel.SOD, v.read.Travel.Groups[1], v.read.Travel.Groups[2], v.read.Zone, v.read.Secret.text,
	}
	v.wipe()
	return held
}

// QueueKeeps puts an item through a queue and returns what the queue's memory still holds of it.
func QueueKeeps(item string) []string {
	q := newQueue[string]()
	q.put(item)
	q.put("another")
	memory := q.items[:1:1]
	_, _ = q.take()
	return memory
}
