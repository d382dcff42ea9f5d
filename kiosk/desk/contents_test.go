package desk_test

import (
	"bytes"
	"crypto"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
	"balcao/mock-pcsc/pki"
)

// Whatever a State has signed as zone, photograph and details, a reading ends in a named reason or in a person with a
// photograph, or the news that it cannot be shown: never in a problem of the desk's own.
func TestContents(t *testing.T) {
	b := newCards(t)
	signer, err := pki.New().Country("ds-ut-03")
	b.check(err)
	cases := filepath.Join("..", "..", "cmd", "kioskctl", "testdata")
	seeds := map[int][][]byte{11: {
		tlv(0x6B, tlv(0x5C, []byte{0x5F, 0x0E}), tlv(0x5F0E, []byte("Rāmeshwar"))),
		tlv(0x6B, tlv(0x5C, []byte{0x5F, 0x2B}), tlv(0x5F2B, []byte("19930231"))),
		tlv(0x6B, tlv(0x5F0E, bytes.Repeat([]byte("E"), 60000))),
	}}
	for group, names := range map[int][]string{
		1: {"01-us-style-ber.dg1", "04-no-surname.dg1"}, 2: {"03-facial-record-length-plus1.dg2", "03-record-39794.dg2"},
	} {
		for _, name := range names {
			seed, err := os.ReadFile(filepath.Join(cases, name))
			b.check(err)
			seeds[group] = append(seeds[group], seed)
		}
	}
	ended := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		files := examine.TravelFiles{Groups: map[int][]byte{}}
		for _, group := range []int{1, 2, 11} {
			files.Groups[group] = damaged(t, rapid.SampledFrom(seeds[group]).Draw(t, "seed"))
		}
		var err error
		if files.SOD, err = signer.Sign(pki.SecurityObject{Groups: files.Groups, Hash: crypto.SHA256, LDS: "0107"}); err != nil {
			t.Fatal(err)
		}
		person, photo := 0, 0
		outcome := desk.Reader{Examiner: b.examiner, Emit: func(e kiosk.CaseEvent) {
			switch e.(type) {
			case kiosk.IdentityRead:
				person++
			case kiosk.PhotoRead:
				photo++
			}
		}}.ReadFiles(t.Context(), files)
		switch reasons := outcome.Verdict.Reasons; {
		case outcome.Problem != nil:
			t.Fatalf("%s: %v", outcome.Problem.Code, outcome.Err)
		case len(reasons) > 0:
			ended[string(reasons[0])]++
		case person != 1 || photo != 1:
			t.Fatalf("neither refused nor shown: %v", outcome.Err)
		default:
			ended["shown"]++
		}
	})
	if ended["shown"] == 0 || ended[string(kiosk.ReasonMalformed)] == 0 {
		t.Errorf("nothing to learn from %v", ended)
	}
}

// damaged is a file as it is, cut off, with changed bytes, or something else altogether.
func damaged(t *rapid.T, file []byte) []byte {
	file = bytes.Clone(file)
	switch rapid.IntRange(0, 5).Draw(t, "damage") {
	case 0:
		return file[:rapid.IntRange(1, len(file)-1).Draw(t, "cut")]
	case 1:
		return rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "garbage")
	case 2:
		// Near the beginning, where the headers are.
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			file[rapid.IntRange(0, min(len(file), 90)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
	}
	return file
}

// tlv is a data object with a tag of one or two bytes.
func tlv(tag uint16, parts ...[]byte) []byte {
	value := bytes.Join(parts, nil)
	head := []byte{byte(tag)}
	if tag > 0xFF {
		head = []byte{byte(tag >> 8), byte(tag)}
	}
	return append(append(head, 0x83, byte(len(value)>>16), byte(len(value)>>8), byte(len(value))), value...)
}
