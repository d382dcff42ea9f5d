package travel_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
)

// TestUnlock_Basic_ErrAccessControl: a chip that plays BAC wrongly is not opened.
func TestUnlock_Basic_ErrAccessControl(t *testing.T) {
	replayed := []byte(nil)
	for name, change := range map[string]func(ins byte, data []byte) []byte{
		"ShortChallenge": func(ins byte, data []byte) []byte { return cutIf(ins == 0x84, data) },
		"NoChallenge":    func(ins byte, data []byte) []byte { return map[bool][]byte{true: nil, false: data}[ins == 0x84] },
		"Checksum":       func(ins byte, data []byte) []byte { return flipIf(ins == 0x82, data) },
		"ShortAnswer":    func(ins byte, data []byte) []byte { return cutIf(ins == 0x82, data) },
		"NoAnswer":       func(ins byte, data []byte) []byte { return map[bool][]byte{true: nil, false: data}[ins == 0x82] },
		"AnswerOfBefore": func(ins byte, data []byte) []byte {
			if ins == 0x82 {
				return bytes.Clone(replayed)
			}
			return data
		},
	} {
		f := basicPassport(100)
		f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
			if c.INS == 0x82 {
				replayed = data
			}
			return data, sw
		}
		mustUnlock(t, f, travel.Options{})
		f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
			return change(c.INS, data), sw
		}
		chip := mustRecognise(t, f, travel.Options{})
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrAccessControl) {
			t.Errorf("%s: got %v, want ErrAccessControl", name, err)
		}
	}
}

// TestUnlock_ErrAccessControl: answers of PACE that are no answers.
func TestUnlock_ErrAccessControl(t *testing.T) {
	for name, answer := range map[string][]byte{
		"NoObject":    {},
		"OtherObject": {0x7D, 0},
		"Empty":       {0x7C, 0},
		"OtherInside": {0x7C, 3, 0x99, 1, 0},
		"Broken":      {0x7C, 3, 0x80, 9, 0},
	} {
		for step := 1; step <= 4; step++ {
			for _, mapping := range []int{2, 4} {
				if step == 2 && mapping == 4 && name == "Empty" {
					continue // that is how a chip may answer there
				}
				f := pacePassport(t, 100, 12, mapping, 2)
				steps := 0
				f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
					if c.INS == 0x86 {
						if steps++; steps == step {
							return answer, 0x9000
						}
					}
					return data, sw
				}
				chip := mustRecognise(t, f, travel.Options{AllowDowngrade: true})
				if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrAccessControl) {
					t.Errorf("%s in step %d of mapping %d: got %v, want ErrAccessControl", name, step, mapping, err)
				}
			}
		}
	}
}

// TestUnlock_ChipAuthenticationMapping_Errors: a chip that agreed on CAM and then brings no proof, or nothing that
// could be one, or no EF.CardSecurity, is not opened.
func TestUnlock_ChipAuthenticationMapping_Errors(t *testing.T) {
	last := func(change func(objects []byte) []byte) func(*fakeChip) {
		return func(f *fakeChip) {
			f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
				if c.INS == 0x86 && c.CLA == 0 {
					content, err := iso7816.Unwrap(data, 0x7C)
					if err != nil {
						t.Error(err)
					}
					return iso7816.Append(nil, 0x7C, change(content)), sw
				}
				return data, sw
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*fakeChip)
		want   error
	}{
		"NoProof":        {last(func(o []byte) []byte { return o[:10] }), travel.ErrClone},
		"EmptyProof":     {last(func(o []byte) []byte { return append(o[:10:10], 0x8A, 0) }), travel.ErrClone},
		"ProofCutOff":    {last(func(o []byte) []byte { return append(o[:10:10], 0x8A, 3, 1, 2, 3) }), travel.ErrAccessControl},
		"LongProof":      {last(func(o []byte) []byte { return append(o[:10:10], iso7816.Append(nil, 0x8A, make([]byte, 2048))...) }), travel.ErrAccessControl},
		"NoCardSecurity": {func(f *fakeChip) { f.security = nil }, travel.ErrNoFile},
		"NoSignedData":   {func(f *fakeChip) { f.security = []byte{0x30, 3, 2, 1, 1} }, travel.ErrMalformed},
		"NoInfos":        {func(f *fakeChip) { f.security = signedData([]byte{1}) }, travel.ErrMalformed},
		"NoKey":          {func(f *fakeChip) { f.security = signedData(infoSet()) }, travel.ErrClone},
		"OtherCurve":     {func(f *fakeChip) { f.security = withChipKey(t, passport(10), 13, -1, 2).security }, travel.ErrClone},
		"OtherKey":       {func(f *fakeChip) { f.security = withChipKey(t, passport(10), 12, -1, 2).security }, travel.ErrClone},
	} {
		f := withChipKey(t, pacePassport(t, 100, 12, 6, 2), 12, -1, 2)
		test.change(f)
		chip := mustRecognise(t, f, travel.Options{AllowDowngrade: true})
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
		if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) {
			t.Errorf("%s: reading: got %v, want ErrLocked", name, err)
		}
	}
}

// TestConfirmOffers: what the issuer says of PACE in DG14 has to be in EF.CardAccess.
func TestConfirmOffers(t *testing.T) {
	dg14 := func(infos ...[]byte) []byte { return iso7816.Append(nil, 0x6E, infoSet(infos...)) }
	access := infoSet(paceInfo(13, 2, 2), paceInfo(13, 4, 2))
	for name, test := range map[string]struct {
		access, dg14 []byte
		want         error
	}{
		"Same":        {access, dg14(paceInfo(13, 2, 2), paceInfo(13, 4, 2)), nil},
		"NotAll":      {access, dg14(paceInfo(13, 2, 2)), nil},
		"NotOfPACE":   {access, dg14(chipAuthInfo(-1, 2, 2)), nil},
		"Hidden":      {nil, dg14(paceInfo(13, 2, 2)), travel.ErrDowngrade},
		"StrongerOne": {access, dg14(paceInfo(13, 2, 2), paceInfo(13, 2, 4)), travel.ErrDowngrade},
		"OtherCurve":  {access, dg14(paceInfo(16, 2, 2)), travel.ErrDowngrade},
		"NoDG14":      {access, nil, travel.ErrMalformed},
	} {
		f := basicPassport(100)
		f.access = test.access
		chip := mustRecognise(t, f, travel.Options{})
		if err := chip.ConfirmOffers(test.dg14); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

// TestUnlock_AnotherCard: a card that opens like a passport but has no such application is opened, and has no files
// of one.
func TestUnlock_AnotherCard(t *testing.T) {
	f := pacePassport(t, 100, 13, 2, 2)
	f.files = nil
	chip, p := mustUnlock(t, f, travel.Options{})
	if p.Mechanism != "PACE-GM" || chip.Offers().Application {
		t.Errorf("got %+v, %+v", p, chip.Offers())
	}
	if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrNotTravelDocument) {
		t.Errorf("got %v, want ErrNotTravelDocument", err)
	}
	f.paceRefused = 0x6A80
	if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrAccessControl) {
		t.Errorf("when it refuses PACE: got %v, want ErrAccessControl", err)
	}
}

// TestTransmitter_ThenApplication: after another package used the channel, the application is selected again.
func TestTransmitter_ThenApplication(t *testing.T) {
	f := withChipKey(t, pacePassport(t, 100, 12, 2, 2), 13, -1, 2)
	f.signs = func([]byte, int) ([]byte, iso7816.SW) {
		if f.inMaster() {
			return nil, 0x6985
		}
		return make([]byte, 64), 0x9000
	}
	chip, _ := mustUnlock(t, f, travel.Options{})
	elsewhere := func() {
		if _, err := iso7816.Send(context.Background(), chip.Transmitter(), iso7816.Command{INS: 0xA4, P2: 0x0C, Data: []byte{0x3F, 0}}); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere()
	if _, err := chip.ActiveAuthenticate(context.Background(), make([]byte, 8)); err != nil {
		t.Error(err)
	}
	elsewhere()
	mustRead(t, f, chip, travel.DG1)
	elsewhere()
	challenge, answer := carry(t, f)
	if err := challenge.Verify(answer); err != nil {
		t.Error(err)
	}
}

// TestSelectApplication_WithInformation: a chip that will not select without giving its file control information.
func TestSelectApplication_WithInformation(t *testing.T) {
	f := basicPassport(100)
	f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
		if c.INS == 0xA4 && c.P1 == 4 && c.P2 == 0x0C {
			f.current = nil
			return nil, 0x6A86
		}
		return data, sw
	}
	chip, _ := mustUnlock(t, f, travel.Options{})
	mustRead(t, f, chip, travel.DG1)
}
