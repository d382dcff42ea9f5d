package desk

import (
	"time"

	"balcao/kiosk"
)

// Hurry makes a runner that has not started wait as little as tests like to.
func Hurry(r *Runner) {
	r.pace = pace{
		firstRetry: time.Millisecond, lastRetry: 5 * time.Millisecond, overdue: 20 * time.Millisecond,
		abandon: 10 * time.Second, farewell: 5 * time.Second, chipChallenge: 10 * time.Second, rules: time.Second,
	}
}

// OnForgotten calls f for each visit that was wiped. What left returns is what is still there when it is
// called.
func OnForgotten(r *Runner, f func(id kiosk.CaseID, left func() []string)) {
	r.testOnlyForgotten = func(v *visit) { f(v.id, v.left) }
}

// left names what a visit still knows of a person.
func (v *visit) left() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var left []string
	note := func(there bool, what string) {
		if there {
			left = append(left, what)
		}
	}
	f := v.read.Files
	note(len(f.Identity)+len(f.MRZ)+len(f.SOD)+len(f.Certificate)+len(f.Photo) > 0, "files")
	note(len(v.read.Chain) > 0, "chain")
	note(v.read.Serial != "", "serial")
	note(len(v.attempts) > 0, "code")
	note(v.challenge != nil, "challenge")
	note(v.evidence.SealedPIN != nil, "sealed PIN")
	note(v.evidence.JWS != nil, "signature")
	note(v.evidence.Proof != nil, "chip's proof")
	note(len(v.read.Travel.Groups)+len(v.read.Travel.SOD)+len(v.read.Travel.Typed) > 0, "travel files")
	note(len(v.read.Zone)+len(v.read.Secret.text) > 0, "what was typed")
	note(v.ctx.Err() == nil, "context")
	_, waiting := v.jobs.take()
	note(waiting, "card work")
	return left
}

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
