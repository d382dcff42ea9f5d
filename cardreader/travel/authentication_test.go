package travel_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
)

// signRecovery is the chip's half of ISO/IEC 9796-2 scheme 1.
func signRecovery(key *rsa.PrivateKey, hash crypto.Hash, trailer, challenge []byte) []byte {
	m1 := mustRandom(key.Size() - 1 - hash.Size() - len(trailer))
	digest := hash.New()
	digest.Write(m1)
	digest.Write(challenge)
	f := bytes.Join([][]byte{{0x6A}, m1, digest.Sum(nil), trailer}, nil)
	s := new(big.Int).Exp(new(big.Int).SetBytes(f), key.D, key.N)
	return s.FillBytes(make([]byte, key.Size()))
}

func rsaDG15(key *rsa.PrivateKey) []byte {
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return iso7816.Append(nil, 0x6F, spki)
}

func TestVerifyActiveAuthentication_EveryHash(t *testing.T) {
	key := mustRSA(t, 1536)
	dg15, challenge := rsaDG15(key), []byte("12345678")
	for _, test := range []struct {
		hash    crypto.Hash
		trailer []byte
	}{
		{crypto.SHA1, []byte{0xBC}},
		{crypto.SHA1, []byte{0x33, 0xCC}},
		{crypto.SHA224, []byte{0x38, 0xCC}},
		{crypto.SHA256, []byte{0x34, 0xCC}},
		{crypto.SHA384, []byte{0x36, 0xCC}},
		{crypto.SHA512, []byte{0x35, 0xCC}},
	} {
		signature := signRecovery(key, test.hash, test.trailer, challenge)
		if err := travel.VerifyActiveAuthentication(dg15, nil, challenge, signature); err != nil {
			t.Errorf("%v, %X: %v", test.hash, test.trailer, err)
		}
		// A signer may use n-s in place of s (ISO/IEC 9796-2 §A.4); both are the same to whoever verifies.
		other := new(big.Int).Sub(key.N, new(big.Int).SetBytes(signature)).Bytes()
		if err := travel.VerifyActiveAuthentication(dg15, nil, challenge, other); err != nil {
			t.Errorf("%v, n-s: %v", test.hash, err)
		}
	}
	for name, signature := range map[string][]byte{
		"OtherHash":      signRecovery(key, crypto.SHA256, []byte{0x33, 0xCC}, challenge),
		"UnknownTrailer": signRecovery(key, crypto.SHA256, []byte{0x31, 0xCC}, challenge),
		"NoTrailer":      signRecovery(key, crypto.SHA256, []byte{0x00, 0x0C}, challenge),
		"Empty":          {},
		"Zero":           make([]byte, key.Size()),
		"One":            append(make([]byte, key.Size()-1), 1),
		"Modulus":        key.N.Bytes(),
		"TooLong":        append([]byte{0}, signRecovery(key, crypto.SHA256, []byte{0x34, 0xCC}, challenge)...),
	} {
		if err := travel.VerifyActiveAuthentication(dg15, nil, challenge, signature); !errors.Is(err, travel.ErrClone) {
			t.Errorf("%s: got %v, want ErrClone", name, err)
		}
	}
}

func TestVerifyActiveAuthentication_Errors(t *testing.T) {
	small := mustRSA(t, 768)
	good := rsaDG15(mustRSA(t, 1024))
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	ecDG15 := iso7816.Append(nil, 0x6F, spki)
	unknownHash := iso7816.Append(nil, 0x6E, infoSet(mustHex(t, "3017060667810801010502010106"+"0A04007F00070101040106")))
	for name, test := range map[string]struct {
		dg15, dg14, challenge []byte
		want                  error
	}{
		"NoDG15":      {nil, nil, make([]byte, 8), travel.ErrMalformed},
		"OtherTag":    {iso7816.Append(nil, 0x6E, nil), nil, make([]byte, 8), travel.ErrMalformed},
		"NoKey":       {iso7816.Append(nil, 0x6F, []byte{0x30, 0}), nil, make([]byte, 8), travel.ErrMalformed},
		"SmallKey":    {rsaDG15(small), nil, make([]byte, 8), travel.ErrUnsupported},
		"UnknownHash": {ecDG15, unknownHash, make([]byte, 8), travel.ErrUnsupported},
		"BadDG14":     {ecDG15, []byte{0x6E, 0}, make([]byte, 8), travel.ErrMalformed},
		"Challenge":   {good, nil, make([]byte, 7), nil},
	} {
		err := travel.VerifyActiveAuthentication(test.dg15, test.dg14, test.challenge, make([]byte, 64))
		if err == nil || errors.Is(err, travel.ErrClone) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	// Without DG14, the hash is the one as strong as the curve; with a wrong length, no signature.
	r, s, err := ecdsa.Sign(rand.Reader, ec, crypto256([]byte("12345678")))
	if err != nil {
		t.Fatal(err)
	}
	plain := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	if err := travel.VerifyActiveAuthentication(ecDG15, nil, []byte("12345678"), plain); err != nil {
		t.Error(err)
	}
	if err := travel.VerifyActiveAuthentication(ecDG15, nil, []byte("12345678"), plain[:63]); !errors.Is(err, travel.ErrClone) {
		t.Errorf("63 bytes: got %v, want ErrClone", err)
	}
}

func crypto256(b []byte) []byte {
	h := crypto.SHA256.New()
	h.Write(b)
	return h.Sum(nil)
}

// TestActiveAuthenticate: a signature too long for a short answer comes in an extended one, whatever the chip says to the
// short command, and a chip that knows no extended command is asked shortly.
func TestActiveAuthenticate(t *testing.T) {
	key, smaller := mustRSA(t, 2048), mustRSA(t, 1024)
	sign := func(key *rsa.PrivateKey, long func(signature []byte) ([]byte, iso7816.SW)) func([]byte, int) ([]byte, iso7816.SW) {
		return func(challenge []byte, le int) ([]byte, iso7816.SW) {
			signature := signRecovery(key, crypto.SHA256, []byte{0x34, 0xCC}, challenge)
			if le <= 256 && len(signature) > 223 {
				return long(signature)
			}
			return signature, 0x9000
		}
	}
	status := func(sw iso7816.SW) func([]byte) ([]byte, iso7816.SW) {
		return func([]byte) ([]byte, iso7816.SW) { return nil, sw }
	}
	for name, test := range map[string]struct {
		key      *rsa.PrivateKey
		long     func([]byte) ([]byte, iso7816.SW)
		readDG15 bool
		fails    bool
		short    bool
	}{
		"Short":              {key: smaller},
		"Short/ShortOnly":    {key: smaller, short: true},
		"Long/Known":         {key: key, readDG15: true, long: status(0x6700)},
		"Long/6700":          {key: key, long: status(0x6700)},
		"Long/6C80":          {key: key, long: status(0x6C80)},
		"Long/Nothing":       {key: key, long: status(0x9000)},
		"Long/CutOff":        {key: key, readDG15: true, long: func(s []byte) ([]byte, iso7816.SW) { return s[:200], 0x9000 }},
		"Long/CutOff6282":    {key: key, readDG15: true, long: func(s []byte) ([]byte, iso7816.SW) { return s[:200], 0x6282 }},
		"Long/EndsSession":   {key: key, long: func(s []byte) ([]byte, iso7816.SW) { return s, 0x9000 }},
		"Long/ShortOnly":     {key: key, readDG15: true, short: true, long: func(s []byte) ([]byte, iso7816.SW) { return s[:200], 0x9000 }, fails: true},
		"Long/ShortOnly6700": {key: key, short: true, long: status(0x6700), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := pacePassport(t, 100, 12, 2, 2)
			f.files[0x010F] = rsaDG15(test.key)
			f.signs = sign(test.key, test.long)
			chip, _ := mustUnlock(t, f, travel.Options{Extended: !test.short, ATR: claimsExtended})
			if test.readDG15 {
				mustRead(t, f, chip, travel.DG15)
			}
			challenge := mustRandom(8)
			signature, err := chip.ActiveAuthenticate(context.Background(), challenge)
			if test.fails {
				if signature != nil || !errors.Is(err, travel.ErrUnproven) {
					t.Errorf("got %d bytes, %v, want ErrUnproven", len(signature), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := travel.VerifyActiveAuthentication(f.files[0x010F], nil, challenge, signature); err != nil {
				t.Error(err)
			}
			mustRead(t, f, chip, travel.DG1)
			if f.plainInside > 0 {
				t.Errorf("%d commands went out in clear", f.plainInside)
			}
		})
	}
}

func TestActiveAuthenticate_Errors(t *testing.T) {
	f := basicPassport(100)
	chip, _ := mustUnlock(t, f, travel.Options{})
	if _, err := chip.ActiveAuthenticate(context.Background(), make([]byte, 8)); !errors.Is(err, travel.ErrUnproven) {
		t.Errorf("a chip that has no key: got %v, want ErrUnproven", err)
	}
	if _, err := chip.ActiveAuthenticate(context.Background(), make([]byte, 9)); err == nil {
		t.Error("a challenge of nine bytes was sent")
	}
}

// everyChipKey lists groups and ciphers of chip authentication.
var everyChipKey = []struct{ id, keyID, cipher int }{
	{13, -1, 1}, {13, 1, 1}, {13, 7, 2}, {12, -1, 3}, {16, 300, 4}, {18, 0, 2}, {0, -1, 1}, {0, 2, 2}, {1, -1, 4}, {2, 1, 1},
}

func TestAuthenticateChip(t *testing.T) {
	for _, k := range everyChipKey {
		for name, f := range map[string]*fakeChip{"BAC": basicPassport(700), "PACE": pacePassport(t, 700, 12, 2, 2)} {
			f = withChipKey(t, f, k.id, k.keyID, k.cipher)
			chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
			mustRead(t, f, chip, travel.DG14)
			got, err := chip.AuthenticateChip(context.Background(), f.files[0x010E])
			if err != nil || got.Curve != f.caGroup.Name() || got.Cipher != []string{"", "3DES", "AES-128", "AES-192", "AES-256"}[k.cipher] {
				t.Errorf("%s, %v: got %+v, %v", name, k, got, err)
				continue
			}
			mustRead(t, f, chip, travel.DG1, travel.DG2)
			if f.plainInside > 0 {
				t.Errorf("%s, %v: %d commands went out in clear", name, k, f.plainInside)
			}
		}
	}
}

func TestAuthenticateChip_ErrClone(t *testing.T) {
	for _, k := range everyChipKey {
		f := withChipKey(t, basicPassport(700), k.id, k.keyID, k.cipher)
		f.caClone = true
		chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
		if _, err := chip.AuthenticateChip(context.Background(), f.files[0x010E]); !errors.Is(err, travel.ErrClone) {
			t.Errorf("%v: got %v, want ErrClone", k, err)
		}
		if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) {
			t.Errorf("%v: reading: got %v, want ErrLocked", k, err)
		}
	}
}

// TestAuthenticateChip_Errors: a chip that refuses has proven nothing, and a DG14 without a key neither.
func TestAuthenticateChip_Errors(t *testing.T) {
	for _, cipher := range []int{1, 2} {
		f := withChipKey(t, basicPassport(700), 13, -1, cipher)
		f.caRefused = 0x6A80
		chip, _ := mustUnlock(t, f, travel.Options{})
		if _, err := chip.AuthenticateChip(context.Background(), f.files[0x010E]); !errors.Is(err, travel.ErrUnproven) || errors.Is(err, travel.ErrClone) {
			t.Errorf("refused: got %v, want ErrUnproven", err)
		}
		for name, test := range map[string]struct {
			dg14 []byte
			want error
		}{
			"Empty":    {nil, travel.ErrMalformed},
			"OtherTag": {iso7816.Append(nil, 0x6F, infoSet()), travel.ErrMalformed},
			"NoKey":    {iso7816.Append(nil, 0x6E, infoSet(chipAuthInfo(-1, 2, 2))), travel.ErrUnsupported},
			"OtherKey": {iso7816.Append(nil, 0x6E, infoSet(chipAuthInfo(1, 2, 2), mustKeyInfo(t, 2))), travel.ErrUnsupported},
		} {
			if _, err := chip.AuthenticateChip(context.Background(), test.dg14); !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		}
	}
	f := withChipKey(t, basicPassport(700), 2, -1, 2)
	chip, _ := mustUnlock(t, f, travel.Options{})
	if _, err := chip.AuthenticateChip(context.Background(), f.files[0x010E]); !errors.Is(err, travel.ErrUnsupported) {
		t.Errorf("2048 bits in short commands: got %v, want ErrUnsupported", err)
	}
}

// mustKeyInfo is the info of some key on brainpoolP256r1.
func mustKeyInfo(t *testing.T, keyID int) []byte {
	t.Helper()
	g := mustGroup(t, "brainpoolP256r1")
	return chipKeyInfo(t, 13, keyID, mustMultiply(t, g, g.Generator(), []byte{5}))
}

// TestAuthenticateChip_BestKey: of several keys and protocols the strongest pair is used, and the right key
// is named. A document without ChipAuthenticationInfo means 3DES.
func TestAuthenticateChip_BestKey(t *testing.T) {
	f := withChipKey(t, basicPassport(700), 13, 2, 3)
	public := mustMultiply(t, f.caGroup, f.caGroup.Generator(), f.caSecret)
	f.files[0x010E] = iso7816.Append(nil, 0x6E, infoSet(
		mustKeyInfo(t, 1), chipAuthInfo(1, 2, 1), chipKeyInfo(t, 13, 2, public), chipAuthInfo(2, 2, 1), chipAuthInfo(2, 2, 3), chipAuthInfo(5, 2, 4)))
	chip, _ := mustUnlock(t, f, travel.Options{})
	if got, err := chip.AuthenticateChip(context.Background(), f.files[0x010E]); err != nil || got.Cipher != "AES-192" {
		t.Errorf("got %+v, %v", got, err)
	}
	f = withChipKey(t, basicPassport(700), 13, -1, 1)
	f.files[0x010E] = iso7816.Append(nil, 0x6E, infoSet(chipKeyInfo(t, 13, -1, mustMultiply(t, f.caGroup, f.caGroup.Generator(), f.caSecret))))
	chip, _ = mustUnlock(t, f, travel.Options{})
	if got, err := chip.AuthenticateChip(context.Background(), f.files[0x010E]); err != nil || got.Cipher != "3DES" {
		t.Errorf("without protocol: got %+v, %v", got, err)
	}
}

// TestAuthenticateChip_SurvivesOpeningAnew: a chip that was authenticated and then refuses the size of a read is
// authenticated again.
func TestAuthenticateChip_SurvivesOpeningAnew(t *testing.T) {
	f := withChipKey(t, basicPassport(9000), 13, -1, 2)
	chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
	if _, err := chip.AuthenticateChip(context.Background(), f.files[0x010E]); err != nil {
		t.Fatal(err)
	}
	f.mostRead, f.wrongSize = 500, 0x6700
	mustRead(t, f, chip, travel.DG2)
	times := 0
	for _, c := range f.log {
		if c.INS == 0x86 {
			times++
		}
	}
	if times != 2 {
		t.Errorf("authenticated %d times, want 2", times)
	}
}
