package travel

import (
	"bytes"
	"context"
	"encoding/asn1"
	"fmt"
	"io"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

// ChipChallenge is the centre's half of a chip authentication that a desk only carries. Only the
// centre, which has the private key, and the chip know the session's keys, so an answer that
// verifies was made by the holder of the private key to the one in DG14. It is valid for one
// answer; the caller enforces that.
//
//	challenge, err := travel.NewChipChallenge(rand.Reader, dg14) // whose hash is verified
//	… challenge.ToSend() goes to the desk, whose Chip.AnswerChallenge sends back the answer …
//	err = challenge.Verify(answer)
//
// A desk can refuse to answer, and it can have the chip answer later than it says. It cannot answer without
// the chip.
type ChipChallenge struct {
	key     *chipKey
	public  []byte
	command []byte
	dg14    []byte // its beginning, which the answer has to bring
	enc     []byte
	mac     []byte
}

// ChallengeToSend is what a desk needs of a ChipChallenge. Nothing of it is secret.
type ChallengeToSend struct {
	Protocol  string // dotted object identifier of chip authentication
	KeyID     int    // which of the chip's keys; -1 when it has one
	PublicKey []byte // of the centre, as it goes into the command
	Command   []byte // a command APDU protected under the keys to come
}

// challengeRead is how much of DG14 the challenge asks for; any number would do.
const challengeRead = 8

// NewChipChallenge makes a challenge for the chip whose DG14, with its tag, this is. The same key is chosen as by
// Chip.AuthenticateChip, and the errors are the same.
func NewChipChallenge(rand io.Reader, dg14 []byte) (*ChipChallenge, error) {
	key, err := chooseChipKey(dg14)
	if err != nil {
		return nil, fmt.Errorf("making a challenge: %w", err)
	}
	private, public, err := key.pair(rand)
	if err != nil {
		return nil, fmt.Errorf("making a challenge: %w", err)
	}
	defer clear(private)
	c := &ChipChallenge{key: key, public: public, dg14: bytes.Clone(dg14[:min(challengeRead, len(dg14))])}
	if c.enc, c.mac, err = key.keys(private); err != nil {
		return nil, fmt.Errorf("making a challenge: %w", err)
	}
	session := c.session()
	defer session.Wipe()
	protected, err := session.Protect(challengeCommand)
	if err == nil {
		c.command, err = protected.Encode()
	}
	if err != nil {
		c.Wipe()
		return nil, fmt.Errorf("making a challenge: %w", err)
	}
	return c, nil
}

var challengeCommand = iso7816.Command{INS: 0xB0, P1: 0x80 | files[DG14].sfi, Le: challengeRead}

// session makes a session of its own, which may be wiped without harm to the challenge.
func (c *ChipChallenge) session() *secure.Session {
	return secure.NewFromKeys(c.key.cipher, bytes.Clone(c.enc), bytes.Clone(c.mac), nil)
}

// ToSend returns what the desk needs.
func (c *ChipChallenge) ToSend() ChallengeToSend {
	return ChallengeToSend{
		Protocol: c.key.oid.String(), KeyID: c.key.id, PublicKey: bytes.Clone(c.public), Command: bytes.Clone(c.command),
	}
}

// Verify decides whether an answer, the response APDU as the desk got it, was made by the chip.
// ErrClone when it was not. The content does not matter: a refusal under the right checksum proves
// the key too. If the answer brings a DG14, it has to be the one that the challenge was made for.
func (c *ChipChallenge) Verify(answer []byte) error {
	n := len(answer) - 2
	if n < 0 {
		return fmt.Errorf("%w: no answer", ErrClone)
	}
	session := c.session()
	defer session.Wipe()
	if _, err := session.Protect(challengeCommand); err != nil { // brings the counter to where the chip's is
		return err
	}
	data, _, err := session.Unprotect(challengeCommand.INS, answer[:n:n], iso7816.SW(answer[n])<<8|iso7816.SW(answer[n+1]))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrClone, err)
	}
	if len(data) > 0 && !bytes.HasPrefix(c.dg14, data) {
		return fmt.Errorf("%w: answer from another document", ErrClone)
	}
	return nil
}

// Wipe overwrites the keys.
func (c *ChipChallenge) Wipe() {
	clear(c.enc)
	clear(c.mac)
}

// storedChallenge is how a ChipChallenge waits in a database.
type storedChallenge struct {
	Version  int
	Protocol asn1.ObjectIdentifier
	KeyID    int
	Public   []byte
	Command  []byte
	DG14     []byte
	Enc, Mac []byte
}

const storedVersion = 1

// Marshal returns the challenge as bytes to keep until the answer comes. They hold the session's
// keys, with which an answer can be forged, so they are stored at the centre only.
func (c *ChipChallenge) Marshal() ([]byte, error) {
	out, err := asn1.Marshal(storedChallenge{
		Version: storedVersion, Protocol: c.key.oid, KeyID: c.key.id, Public: c.public, Command: c.command, DG14: c.dg14, Enc: c.enc, Mac: c.mac,
	})
	if err != nil {
		return nil, fmt.Errorf("storing a challenge: %w", err)
	}
	return out, nil
}

// UnmarshalChipChallenge reads what Marshal wrote. ErrMalformed when it is anything else.
func UnmarshalChipChallenge(stored []byte) (*ChipChallenge, error) {
	var s storedChallenge
	rest, err := asn1.Unmarshal(stored, &s)
	if err != nil || len(rest) > 0 || s.Version != storedVersion {
		return nil, fmt.Errorf("%w: stored challenge", ErrMalformed)
	}
	cipher, err := protocolCipher(s.Protocol)
	if err != nil || len(s.Enc) != cipher.KeySize() || len(s.Mac) != cipher.KeySize() || s.KeyID < absent {
		return nil, fmt.Errorf("%w: stored challenge", ErrMalformed)
	}
	return &ChipChallenge{
		key: &chipKey{oid: s.Protocol, cipher: cipher, id: s.KeyID}, public: s.Public, command: s.Command, dg14: s.DG14, enc: s.Enc, mac: s.Mac,
	}, nil
}

// protocolCipher returns the cipher of an identifier of chip authentication.
func protocolCipher(oid asn1.ObjectIdentifier) (secure.Cipher, error) {
	if under(oid, oidChipAuth) && len(oid) == len(oidChipAuth)+2 {
		if c := secure.Cipher(oid[len(oid)-1]); c >= secure.TripleDES && c <= secure.AES256 {
			return c, nil
		}
	}
	return 0, fmt.Errorf("%w: protocol of chip authentication", ErrUnsupported)
}

// AnswerChallenge has the chip answer a challenge of the centre and returns its response APDU as it came. The chip goes
// over to keys that only the centre knows, so the session is over afterwards, whatever came of it. ErrUnproven when
// the chip refuses the key; that the answer is right only the centre can see.
func (c *Chip) AnswerChallenge(ctx context.Context, challenge ChallengeToSend) ([]byte, error) {
	oid, err := parseOID(challenge.Protocol)
	if err != nil {
		return nil, fmt.Errorf("answering the challenge: %w", err)
	}
	if _, err := protocolCipher(oid); err != nil {
		return nil, fmt.Errorf("answering the challenge: %w", err)
	}
	command, err := iso7816.ParseCommand(challenge.Command)
	if err != nil || challenge.KeyID < absent {
		return nil, fmt.Errorf("answering the challenge: %w: command", ErrMalformed)
	}
	if c.session != nil && !c.session.Ended() && !c.inApplication {
		if err := c.selectApplication(ctx); err != nil {
			return nil, fmt.Errorf("answering the challenge: %w", err)
		}
	}
	if err := c.sendKey(ctx, oid, challenge.KeyID, challenge.PublicKey); err != nil {
		return nil, fmt.Errorf("answering the challenge: %w", err)
	}
	defer c.endSession()
	data, sw, err := iso7816.Exchange(ctx, c.t, command)
	if err != nil {
		return nil, fmt.Errorf("answering the challenge: %w", err)
	}
	return append(data, byte(sw>>8), byte(sw)), nil
}

// parseOID reads a dotted object identifier.
func parseOID(dotted string) (asn1.ObjectIdentifier, error) {
	if len(dotted) > 64 {
		return nil, fmt.Errorf("%w: object identifier", ErrMalformed)
	}
	oid := asn1.ObjectIdentifier{0}
	for i, r := range []byte(dotted) {
		last := len(oid) - 1
		switch {
		case r == '.' && i > 0 && i < len(dotted)-1 && dotted[i-1] != '.':
			oid = append(oid, 0)
		case r >= '0' && r <= '9' && oid[last] < 1<<24:
			oid[last] = oid[last]*10 + int(r-'0')
		default:
			return nil, fmt.Errorf("%w: object identifier", ErrMalformed)
		}
	}
	return oid, nil
}
