package secure_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

type keys struct {
	Alg   string `json:"alg"`
	KSEnc octets `json:"ks_enc"`
	KSMac octets `json:"ks_mac"`
	SSC   octets `json:"ssc"`
}

func (k keys) session(t *testing.T) *secure.Session {
	return secure.NewFromKeys(mustCipher(t, k.Alg), k.KSEnc, k.KSMac, k.SSC)
}

// answers gives one answer after another, and checks the commands if it has any.
type answers struct {
	t        *testing.T
	commands [][]byte
	answers  [][]byte
	err      error
}

func (a *answers) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	if len(a.commands) > 0 {
		if !bytes.Equal(command, a.commands[0]) {
			a.t.Errorf("sent\n%X, want\n%X", command, a.commands[0])
		}
		a.commands = a.commands[1:]
	}
	answer := a.answers[0]
	a.answers = a.answers[1:]
	return answer, nil
}

func TestSession_Vectors(t *testing.T) {
	eachVector(t, "sm", func(t *testing.T, in, out func(any)) {
		var given keys
		var want struct {
			Steps []struct {
				Name     string `json:"name"`
				PlainCmd octets `json:"plain_cmd"`
				Cmd      octets `json:"cmd"`
				Rsp      octets `json:"rsp"`
				RspData  octets `json:"rsp_data"`
				SW       octets `json:"sw"`
			} `json:"steps"`
		}
		in(&given)
		out(&want)
		session := given.session(t)
		for _, step := range want.Steps {
			command, err := iso7816.ParseCommand(step.PlainCmd)
			if err != nil {
				t.Fatal(err)
			}
			card := &answers{t: t, commands: [][]byte{step.Cmd}, answers: [][]byte{step.Rsp}}
			data, sw, err := session.Exchange(context.Background(), card, command)
			if err != nil || !bytes.Equal(data, step.RspData) || sw != iso7816.SW(step.SW[0])<<8|iso7816.SW(step.SW[1]) {
				t.Errorf("%s: got %X, %04X, %v", step.Name, data, sw, err)
			}
		}
	})
}

func TestSession_NegativeVectors(t *testing.T) {
	eachVector(t, "sm-negative", func(t *testing.T, in, out func(any)) {
		var given struct {
			keys
			Before octets `json:"ssc_before"`
			Good   octets `json:"good_rsp"`
		}
		var want struct {
			Cases []struct {
				Name, Expect string
				Rsp          octets
			}
		}
		in(&given)
		out(&want)
		for _, c := range want.Cases {
			session := secure.NewFromKeys(mustCipher(t, given.Alg), bytes.Clone(given.KSEnc), bytes.Clone(given.KSMac), given.Before)
			if c.Name == "replay" {
				if _, _, err := unprotect(session, given.Good); err != nil {
					t.Fatalf("the good answer: %v", err)
				}
			}
			data, _, err := unprotect(session, c.Rsp)
			if data != nil || !errors.Is(err, secure.ErrResponse) || !session.Ended() {
				t.Errorf("%s: got %X, %v, want %s", c.Name, data, err, c.Expect)
			}
			if sw, refused := secure.Refusal(err); refused != (len(c.Rsp) == 2) || refused && sw != iso7816.SW(c.Rsp[0])<<8|iso7816.SW(c.Rsp[1]) {
				t.Errorf("%s: refusal %04X, %v", c.Name, sw, refused)
			}
			// Not even the right answer is taken afterwards, and nothing goes out.
			if _, _, err := session.Exchange(context.Background(), nil, iso7816.Command{INS: 0xB0, Le: 1}); !errors.Is(err, secure.ErrResponse) {
				t.Errorf("%s: the session went on: %v", c.Name, err)
			}
		}
	})
}

func unprotect(s *secure.Session, rsp []byte) ([]byte, iso7816.SW, error) {
	n := len(rsp) - 2
	return s.Unprotect(0xB0, rsp[:n], iso7816.SW(rsp[n])<<8|iso7816.SW(rsp[n+1]))
}

// chip is the other half of a session, made from the standard alone: it opens commands and makes answers.
type chip struct {
	cipher   secure.Cipher
	enc, mac []byte
	ssc      []byte
}

func (c *chip) count() {
	for i := len(c.ssc) - 1; i >= 0; i-- {
		if c.ssc[i]++; c.ssc[i] != 0 {
			return
		}
	}
}

func (c *chip) checksum(content []byte) []byte {
	message := append(bytes.Clone(c.ssc), content...)
	if c.cipher != secure.TripleDES {
		message = secure.Pad(message, 16)
	}
	return c.cipher.MAC(c.mac, message)
}

func (c *chip) crypt(t *rapid.T, data []byte, encrypt bool) []byte {
	var block cipher.Block
	var err error
	if c.cipher == secure.TripleDES {
		block, err = des.NewTripleDESCipher(append(bytes.Clone(c.enc), c.enc[:8]...))
	} else {
		block, err = aes.NewCipher(c.enc)
	}
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, block.BlockSize())
	if c.cipher != secure.TripleDES {
		block.Encrypt(iv, c.ssc)
	}
	out := make([]byte, len(data))
	if encrypt {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, data)
	} else {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	}
	return out
}

// open checks and unwraps a protected command.
func (c *chip) open(t *rapid.T, p iso7816.Command) iso7816.Command {
	c.count()
	objects, err := iso7816.Parse(p.Data)
	if err != nil {
		t.Fatal(err)
	}
	plain := iso7816.Command{CLA: p.CLA &^ 0x0C, INS: p.INS, P1: p.P1, P2: p.P2}
	covered := secure.Pad([]byte{p.CLA, p.INS, p.P1, p.P2}, len(c.ssc))
	for _, o := range objects[:len(objects)-1] {
		covered = iso7816.Append(covered, o.Tag, o.Value)
		switch o.Tag {
		case 0x87, 0x85:
			value := o.Value
			if o.Tag == 0x87 {
				value = value[1:]
			}
			plain.Data, _ = secure.Unpad(c.crypt(t, value, false))
		case 0x97:
			for _, b := range o.Value {
				plain.Le = plain.Le<<8 | int(b)
			}
			if plain.Le == 0 {
				plain.Le = 1 << (8 * len(o.Value))
			}
		default:
			t.Fatalf("object %X in a command", o.Tag)
		}
	}
	if last := objects[len(objects)-1]; last.Tag != 0x8E || !bytes.Equal(last.Value, c.checksum(covered)) {
		t.Fatal("checksum of the command")
	}
	return plain
}

// close protects an answer.
func (c *chip) close(t *rapid.T, odd bool, data []byte, sw iso7816.SW) []byte {
	c.count()
	var out []byte
	if len(data) > 0 {
		cryptogram := c.crypt(t, secure.Pad(data, len(c.ssc)), true)
		if odd {
			out = iso7816.Append(out, 0x85, cryptogram)
		} else {
			out = iso7816.Append(out, 0x87, append([]byte{1}, cryptogram...))
		}
	}
	out = iso7816.Append(out, 0x99, []byte{byte(sw >> 8), byte(sw)})
	return iso7816.Append(out, 0x8E, c.checksum(out))
}

var allCiphers = []secure.Cipher{secure.TripleDES, secure.AES128, secure.AES192, secure.AES256}

// drawSession makes both halves of one session.
func drawSession(t *rapid.T) (*secure.Session, *chip) {
	c := rapid.SampledFrom(allCiphers).Draw(t, "cipher")
	secret := rapid.SliceOfN(rapid.Byte(), 1, 70).Draw(t, "secret")
	ssc := rapid.SliceOfN(rapid.Byte(), c.BlockSize(), c.BlockSize()).Draw(t, "ssc")
	return secure.New(c, secret, ssc), &chip{
		cipher: c, enc: c.DeriveKey(secret, secure.ForEncryption), mac: c.DeriveKey(secret, secure.ForMAC), ssc: bytes.Clone(ssc),
	}
}

// TestSession_RoundTrip: whatever is said arrives, in both directions, command after command.
func TestSession_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		session, other := drawSession(t)
		for range rapid.IntRange(1, 4).Draw(t, "commands") {
			command := iso7816.Command{
				INS: rapid.SampledFrom([]byte{0xB0, 0xB1, 0xA4, 0x86}).Draw(t, "ins"), P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"),
				Data: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data"), Le: rapid.IntRange(0, 65536).Draw(t, "le"),
			}
			protected, err := session.Protect(command)
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := protected.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if protected, err = iso7816.ParseCommand(encoded); err != nil {
				t.Fatal(err)
			}
			got := other.open(t, protected)
			if got.INS != command.INS || got.P1 != command.P1 || got.P2 != command.P2 || got.Le != command.Le || !bytes.Equal(got.Data, command.Data) {
				t.Fatalf("arrived %+v, want %+v", got, command)
			}
			data := rapid.SliceOfN(rapid.Byte(), 0, 700).Draw(t, "answer")
			sw := iso7816.SW(rapid.SampledFrom([]int{0x9000, 0x6282, 0x6A82, 0x6988}).Draw(t, "sw"))
			back, under, err := session.Unprotect(command.INS, other.close(t, command.INS&1 == 1, data, sw), sw)
			if err != nil || under != sw || !bytes.Equal(back, data) {
				t.Fatalf("got %X, %04X, %v", back, under, err)
			}
		}
	})
}

// TestSession_AnyChangeEnds: one changed bit anywhere in an answer, its status included, ends the session
// and gives out nothing.
func TestSession_AnyChangeEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		session, other := drawSession(t)
		protected, err := session.Protect(iso7816.Command{INS: 0xB0, Le: 16})
		if err != nil {
			t.Fatal(err)
		}
		other.open(t, protected)
		answer := append(other.close(t, false, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "answer"), 0x9000), 0x90, 0x00)
		bit := rapid.IntRange(0, 8*len(answer)-1).Draw(t, "bit")
		answer[bit/8] ^= 1 << (bit % 8)
		data, _, err := unprotect(session, answer)
		if data != nil || !errors.Is(err, secure.ErrResponse) || !session.Ended() {
			t.Fatalf("got %X, %v", data, err)
		}
	})
}

// TestSession_MaxRead: what MaxRead promises fits, and one byte more does not.
func TestSession_MaxRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		session, other := drawSession(t)
		limit := rapid.OneOf(rapid.IntRange(60, 700), rapid.IntRange(60, 66000), rapid.IntRange(65400, 65700)).Draw(t, "limit")
		n := session.MaxRead(limit)
		size := func(n int) int { return len(other.close(t, false, make([]byte, n), 0x9000)) + 2 }
		if size(n) > limit {
			t.Errorf("%d bytes for a limit of %d make an answer of %d", n, limit, size(n))
		}
		if next := n + other.cipher.BlockSize(); size(next) <= limit && size(next+other.cipher.BlockSize()) <= limit {
			t.Errorf("%d bytes are too careful for a limit of %d", n, limit)
		}
	})
	if got := secure.New(secure.AES128, []byte{1}, nil).MaxRead(258); got != 223 {
		t.Errorf("got %d for a short answer, want 223", got)
	}
}

func TestSession_TransmitterError(t *testing.T) {
	session := secure.New(secure.AES128, []byte{1}, nil)
	gone := errors.New("card pulled")
	_, _, err := session.Exchange(context.Background(), &answers{err: gone}, iso7816.Command{INS: 0xB0, Le: 1})
	if !errors.Is(err, gone) || !session.Ended() {
		t.Errorf("got %v, ended %v", err, session.Ended())
	}
}

func TestSession_Wipe(t *testing.T) {
	enc, mac := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)
	secure.NewFromKeys(secure.AES128, enc, mac, nil).Wipe()
	if !bytes.Equal(enc, make([]byte, 16)) || !bytes.Equal(mac, make([]byte, 16)) {
		t.Error("a key was left unwiped")
	}
}

// FuzzUnprotect: no answer that was not made with the key is taken, and none makes trouble.
func FuzzUnprotect(f *testing.F) {
	f.Add([]byte{0x99, 2, 0x90, 0, 0x8E, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0})
	f.Add([]byte{0x87, 0x11, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x99, 2, 0x90, 0, 0x8E, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0})
	f.Add([]byte{0x69, 0x88})
	f.Add([]byte{0x8E, 0x81, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x99, 2, 0x90, 0, 0x90, 0})
	f.Fuzz(func(t *testing.T, rsp []byte) {
		if len(rsp) < 2 {
			return
		}
		for _, c := range allCiphers {
			session := secure.New(c, []byte("secret"), nil)
			if data, _, err := unprotect(session, rsp); data != nil || !errors.Is(err, secure.ErrResponse) {
				t.Errorf("%v: got %X, %v", c, data, err)
			}
		}
	})
}
