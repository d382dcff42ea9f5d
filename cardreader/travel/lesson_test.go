package travel_test

// What other people's readers got wrong, or met in the field, one test for each: opening chips and proving them.

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/agreement"
)

// paceRuns: go test ./cardreader/travel -run SecretsKeep -pace 10000
var paceRuns = flag.Int("pace", 300, "`runs` of PACE in which leading zeros are looked for")

// A shared secret begins with a zero byte in one of 256 runs; whoever drops it fails then. The 300 runs of every
// day meet it two times in three; the ten thousand that -pace asks for, always.
func TestLesson_SecretsKeepTheirLeadingZeros(t *testing.T) {
	for _, test := range []struct{ perMille, parameter, mapping, cipher int }{
		{840, 12, 2, 2}, // P-256, generic
		{100, 12, 4, 4}, // P-256, integrated
		{30, 13, 2, 1},  // brainpoolP256r1, generic
		{15, 13, 4, 3},  // brainpoolP256r1, integrated
		{15, 0, 1, 2},   // 1024-bit group
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			f := pacePassport(t, 100, test.parameter, test.mapping, test.cipher)
			chip := mustRecognise(t, f, travel.Options{})
			for i := range 1 + *paceRuns*test.perMille/1000 {
				if _, err := chip.Unlock(context.Background(), travel.FromCAN(can)); err != nil {
					t.Fatalf("run %d: %v", i, err)
				}
				f.transmit([]byte{0, 0xA4, 0, 0x0C, 2, 0x3F, 0}) // in clear, which ends the session
			}
		})
	}
}

// Nothing is read after access control failed, not even from a chip that would give it.
func TestLesson_NothingInClearAfterFailure(t *testing.T) {
	for name, f := range map[string]*fakeChip{"BAC": basicPassport(500), "PACE": pacePassport(t, 500, 13, 2, 2)} {
		f.open = true
		chip := mustRecognise(t, f, travel.Options{AllowDowngrade: true})
		_, err := chip.Unlock(context.Background(), travel.FromMRZ("L898902C<369080619406237"))
		if !errors.Is(err, travel.ErrWrongPassword) {
			t.Errorf("%s: got %v, want ErrWrongPassword", name, err)
		}
		before := f.n
		for _, file := range []travel.File{travel.COM, travel.DG1, travel.SOD} {
			if got, err := chip.Read(context.Background(), file, nil); got != nil || !errors.Is(err, travel.ErrLocked) {
				t.Errorf("%s: %v: got %d bytes, %v", name, file, len(got), err)
			}
		}
		if _, err := chip.Transmitter().Transmit(context.Background(), []byte{0, 0xB0, 0x81, 0, 0}); !errors.Is(err, travel.ErrLocked) {
			t.Errorf("%s: channel: got %v", name, err)
		}
		if f.n != before {
			t.Errorf("%s: %d commands went out", name, f.n-before)
		}
	}
}

// A chip that gives its contents to anybody is opened all the same, and it is said.
func TestLesson_UnenforcedAccessControlIsSaid(t *testing.T) {
	for _, noSFI := range []bool{false, true} {
		f := basicPassport(500)
		f.open, f.noSFI = true, noSFI
		chip, p := mustUnlock(t, f, travel.Options{})
		if !p.Unenforced {
			t.Errorf("short identifiers %v: it was not noticed", !noSFI)
		}
		mustRead(t, f, chip, travel.DG1)
		if f.plainInside > 0 {
			t.Errorf("short identifiers %v: %d commands in clear", !noSFI, f.plainInside)
		}
	}
	if _, p := mustUnlock(t, basicPassport(500), travel.Options{}); p.Unenforced {
		t.Error("a chip that enforces it was said not to")
	}
}

// A chip that lists PACE and does only BAC is refused; only whoever allows it gets it, and is told.
func TestLesson_NoSilentDowngrade(t *testing.T) {
	for _, sw := range []iso7816.SW{0x6A80, 0x6A88, 0x6D00, 0x6985, 0x6F00} {
		f := pacePassport(t, 500, 13, 2, 2)
		f.paceRefused = sw
		chip := mustRecognise(t, f, travel.Options{})
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrDowngrade) {
			t.Errorf("%04X: got %v, want ErrDowngrade", sw, err)
		}
		for _, c := range f.log {
			if c.INS == 0x84 {
				t.Errorf("%04X: BAC was begun", sw)
			}
		}
		chip, p := mustUnlock(t, f, travel.Options{AllowDowngrade: true})
		if p.Mechanism != "BAC" || !p.Downgraded {
			t.Errorf("%04X: got %+v", sw, p)
		}
		mustRead(t, f, chip, travel.DG1)
		// Perhaps it has no number: that is no downgrade yet, and opens nothing.
		if _, err := chip.Unlock(context.Background(), travel.FromCAN(can)); !errors.Is(err, travel.ErrPasswordKind) {
			t.Errorf("%04X: with a CAN got %v, want ErrPasswordKind", sw, err)
		}
	}
	unknown := pacePassport(t, 500, 13, 9, 9)
	chip := mustRecognise(t, unknown, travel.Options{})
	if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrDowngrade) || !errors.Is(err, travel.ErrUnsupported) {
		t.Errorf("an unknown PACE: got %v, want ErrDowngrade", err)
	}
}

// A chip that plays PACE wrongly is never tried with BAC, whatever is allowed.
func TestLesson_WrongPACEIsNoReasonForBAC(t *testing.T) {
	ours := [5][]byte{}
	for name, breakIt := range map[string]func(step int, value []byte) []byte{
		"Token":        func(step int, v []byte) []byte { return flipIf(step == 4, v) },
		"ShortToken":   func(step int, v []byte) []byte { return cutIf(step == 4, v) },
		"OffCurveMap":  func(step int, v []byte) []byte { return flipIf(step == 2, v) },
		"OffCurveKey":  func(step int, v []byte) []byte { return flipIf(step == 3, v) },
		"Nonce":        func(step int, v []byte) []byte { return cutIf(step == 1, v) },
		"LongNonce":    func(step int, v []byte) []byte { return map[bool][]byte{true: make([]byte, 80), false: v}[step == 1] },
		"NoNonce":      func(step int, v []byte) []byte { return map[bool][]byte{true: {}, false: v}[step == 1] },
		"Infinity":     func(step int, v []byte) []byte { return map[bool][]byte{true: {0}, false: v}[step == 3] },
		"OurKeyBack":   func(step int, v []byte) []byte { return map[bool][]byte{true: ours[3], false: v}[step == 3] },
		"OurMapKeyBck": func(step int, v []byte) []byte { return map[bool][]byte{true: ours[2], false: v}[step == 2] },
	} {
		f := pacePassport(t, 500, 13, 2, 2)
		f.breakPACE = breakIt
		tapped := &tap{fakeChip: f, ours: &ours}
		chip, err := travel.Recognise(context.Background(), tapped, travel.Options{AllowDowngrade: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = chip.Unlock(context.Background(), travel.FromMRZ(mrzKey))
		if !errors.Is(err, travel.ErrAccessControl) || errors.Is(err, travel.ErrDowngrade) {
			t.Errorf("%s: got %v, want ErrAccessControl", name, err)
		}
		for _, c := range f.log {
			if c.INS == 0x84 {
				t.Errorf("%s: BAC was begun", name)
			}
		}
	}
}

// tap notes what the terminal sends in each step of PACE before the chip sees it.
type tap struct {
	*fakeChip
	ours *[5][]byte
	step int
}

func (p *tap) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if c, err := iso7816.ParseCommand(apdu); err == nil && c.INS == 0x86 {
		p.step++
		if content, err := iso7816.Unwrap(c.Data, 0x7C); err == nil && len(content) > 0 {
			if o, _, err := iso7816.Next(content); err == nil {
				p.ours[p.step] = bytes.Clone(o.Value)
			}
		}
	}
	return p.fakeChip.Transmit(ctx, apdu)
}

func flipIf(yes bool, v []byte) []byte {
	if !yes {
		return v
	}
	v = bytes.Clone(v)
	v[len(v)-1] ^= 1
	return v
}

func cutIf(yes bool, v []byte) []byte {
	if !yes {
		return v
	}
	return v[:len(v)-1]
}

// Of several PACEInfos the best that can be done is taken, not the first, and not the one that nobody knows.
func TestLesson_BestPACEInfoIsTaken(t *testing.T) {
	f := pacePassport(t, 500, 13, 2, 1)
	f.access = infoSet(paceInfo(13, 2, 1), paceInfo(99, 2, 4), paceInfo(0, 1, 2), paceInfo(13, 2, 3), paceInfo(13, 9, 4), paceInfo(10, 4, 4), paceInfo(13, 2, 2))
	if _, p := mustUnlock(t, f, travel.Options{}); p.Cipher != "AES-192" || p.Curve != "brainpoolP256r1" {
		t.Errorf("got %+v", p)
	}
	f.access = infoSet(paceInfo(13, 2, 4), paceInfo(13, 6, 2))
	if _, p := mustUnlock(t, withChipKey(t, f, 13, -1, 2), travel.Options{}); p.Mechanism != "PACE-CAM" {
		t.Errorf("got %+v", p)
	}
	// A key of 2048 bits fits no short command.
	f = pacePassport(t, 500, 2, 1, 4)
	f.access = infoSet(paceInfo(2, 1, 4), paceInfo(12, 2, 2))
	if _, p := mustUnlock(t, f, travel.Options{}); p.Curve != "P-256" {
		t.Errorf("got %+v", p)
	}
}

// The domain parameters are named (tag 84) where there are several, and only there: some chips refuse it. A chip that
// sees it otherwise is asked in the other way.
func TestLesson_DomainParametersAreNamedOnlyWhereAmbiguous(t *testing.T) {
	named := func(f *fakeChip) (tries int, last bool) {
		for _, c := range f.log {
			if c.INS == 0x22 {
				tries, last = tries+1, bytes.Contains(c.Data, []byte{0x84, 1})
			}
		}
		return tries, last
	}
	one, several := infoSet(paceInfo(13, 2, 2), paceInfo(13, 4, 2)), infoSet(paceInfo(12, 2, 2), paceInfo(13, 2, 2))
	for name, test := range map[string]struct {
		access []byte
		want84 int
		tries  int
		named  bool
	}{
		"One":             {one, -1, 1, false},
		"OneEither":       {one, 0, 1, false},
		"Several":         {several, 12, 1, true},
		"OneButWanted":    {one, 13, 2, true},
		"SeveralUnwanted": {infoSet(paceInfo(13, 2, 2), paceInfo(12, 2, 1)), -1, 2, false},
	} {
		f := pacePassport(t, 500, 13, 2, 2)
		f.access, f.want84 = test.access, test.want84
		mustUnlock(t, f, travel.Options{})
		if tries, last := named(f); tries != test.tries || last != test.named {
			t.Errorf("%s: %d tries, named %v", name, tries, last)
		}
	}
}

// Whatever a chip without EF.CardAccess answers when it is looked for, and when the master file is selected: it is not
// there, and the chip is opened with BAC.
func TestLesson_EveryOddStatusMeansAbsent(t *testing.T) {
	for _, sw := range []iso7816.SW{0x6982, 0x6985, 0x6283, 0x6986, 0x6A82, 0x6A86, 0x6B00, 0x6D00, 0x6700, 0x6F00, 0x6C10, 0x9000} {
		for _, master := range []iso7816.SW{0, sw} {
			f := basicPassport(500)
			f.absent, f.noMF = sw, master
			chip, p := mustUnlock(t, f, travel.Options{AllowDowngrade: false})
			if p.Mechanism != "BAC" || chip.Offers().PACE {
				t.Errorf("%04X: got %+v", sw, p)
			}
			mustRead(t, f, chip, travel.DG1)
		}
	}
}

// German passports refuse SELECT and MSE with an Le.
func TestLesson_NoLeOnSelectAndMSE(t *testing.T) {
	f := pacePassport(t, 500, 13, 2, 2)
	f.refusesLe = true
	chip, _ := mustUnlock(t, f, travel.Options{})
	mustRead(t, f, chip, travel.DG1)
}

// Some chips say 6985 or 6982, or how many tries are left, where the standard has 6300.
func TestLesson_WaysToSayWrongPassword(t *testing.T) {
	for _, sw := range []iso7816.SW{0x6300, 0x63C2, 0x6982, 0x6985, 0x6988} {
		for name, f := range map[string]*fakeChip{"BAC": basicPassport(100), "PACE": pacePassport(t, 100, 13, 2, 2)} {
			f.answer = func(_ int, c iso7816.Command, data []byte, real iso7816.SW) ([]byte, iso7816.SW) {
				if c.INS == 0x82 || c.INS == 0x86 && c.CLA == 0 {
					return nil, sw
				}
				return data, real
			}
			chip := mustRecognise(t, f, travel.Options{})
			if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrWrongPassword) {
				t.Errorf("%s, %04X: got %v, want ErrWrongPassword", name, sw, err)
			}
		}
	}
}

// The try counter in the answer to MSE:Set AT is no error.
func TestLesson_TriesLeftInMSEIsNoError(t *testing.T) {
	f := pacePassport(t, 100, 13, 2, 2)
	f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
		if c.INS == 0x22 {
			return nil, 0x63C2
		}
		return data, sw
	}
	mustUnlock(t, f, travel.Options{})
}

// A document with PACE alone needs no BAC.
func TestLesson_PACEOnlyDocuments(t *testing.T) {
	f := pacePassport(t, 500, 12, 2, 4)
	f.basic, f.locksApplication = false, true
	chip, p := mustUnlock(t, f, travel.Options{})
	if p.Mechanism != "PACE-GM" {
		t.Errorf("got %+v", p)
	}
	mustRead(t, f, chip, travel.DG1)
	f.access = nil
	f.locksApplication = false
	chip = mustRecognise(t, f, travel.Options{})
	if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrNoAccessControl) {
		t.Errorf("a chip with neither: got %v, want ErrNoAccessControl", err)
	}
}

// Parameters that are written out (PACEDomainParameterInfo) are taken when they are those of a known curve.
func TestLesson_ExplicitDomainParameters(t *testing.T) {
	g, err := agreement.Standardised(13)
	if err != nil {
		t.Fatal(err)
	}
	domain := func(parameter int, algorithm []byte) []byte {
		return derive(func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oid(4, 2))
				b.AddBytes(algorithm)
				if parameter >= 0 {
					b.AddASN1Int64(int64(parameter))
				}
			})
		})
	}
	for name, test := range map[string]struct {
		access []byte
		opens  bool
	}{
		"ByNumber":    {infoSet(paceInfo(64, 2, 2), domain(64, explicit(g, 0))), true},
		"Alone":       {infoSet(paceInfo(-1, 2, 2), domain(-1, explicit(g, 0))), true},
		"OtherNumber": {infoSet(paceInfo(64, 2, 2), domain(65, explicit(g, 0))), false},
		"Ambiguous":   {infoSet(paceInfo(-1, 2, 2), domain(-1, explicit(g, 0)), domain(-1, explicit(g, 0))), false},
		"OwnCurve":    {infoSet(paceInfo(64, 2, 2), domain(64, explicit(g, 1))), false},
		"Missing":     {infoSet(paceInfo(64, 2, 2)), false},
	} {
		f := pacePassport(t, 100, 13, 2, 2)
		f.access = test.access
		chip := mustRecognise(t, f, travel.Options{})
		p, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey))
		if test.opens && (err != nil || p.Curve != "brainpoolP256r1") || !test.opens && !errors.Is(err, travel.ErrDowngrade) {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
}

// explicit writes brainpoolP256r1 out, its order changed by so much.
func explicit(g agreement.Group, change int64) []byte {
	hex := func(s string) *big.Int { n, _ := new(big.Int).SetString(s, 16); return n }
	a := hex("7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9")
	b := hex("26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6")
	n := hex("a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7")
	return derive(func(w *cryptobyte.Builder) {
		w.AddASN1(cbasn1.SEQUENCE, func(w *cryptobyte.Builder) {
			w.AddASN1ObjectIdentifier([]int{1, 2, 840, 10045, 2, 1})
			w.AddASN1(cbasn1.SEQUENCE, func(w *cryptobyte.Builder) {
				w.AddASN1Int64(1)
				w.AddASN1(cbasn1.SEQUENCE, func(w *cryptobyte.Builder) {
					w.AddASN1ObjectIdentifier([]int{1, 2, 840, 10045, 1, 1})
					w.AddASN1BigInt(g.Modulus())
				})
				w.AddASN1(cbasn1.SEQUENCE, func(w *cryptobyte.Builder) {
					w.AddASN1OctetString(a.Bytes())
					w.AddASN1OctetString(b.Bytes())
				})
				w.AddASN1OctetString(g.Generator())
				w.AddASN1BigInt(n.Add(n, big.NewInt(change)))
				w.AddASN1Int64(1)
			})
		})
	})
}

// An RSA signature that lost its leading zeros on the way is the same number.
func TestLesson_SignaturesMayLoseLeadingZeros(t *testing.T) {
	key := mustRSA(t, 1024)
	dg15 := rsaDG15(key)
	seen := 0
	for i := 0; seen < 3; i++ {
		challenge := []byte(fmt.Sprintf("%08d", i))
		signature := signRecovery(key, crypto.SHA1, []byte{0xBC}, challenge)
		if signature[0] != 0 {
			continue
		}
		seen++
		for _, s := range [][]byte{signature, bytes.TrimLeft(signature, "\x00")} {
			if err := travel.VerifyActiveAuthentication(dg15, nil, challenge, s); err != nil {
				t.Errorf("%d bytes: %v", len(s), err)
			}
		}
	}
}

func mustRSA(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0") // documents of the first years have such keys
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
