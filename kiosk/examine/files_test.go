package examine_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/cardreader/mrz"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/trust/trusttest"
)

func TestTravelBytes(t *testing.T) {
	files := examinetest.PassportOf(t, examinetest.MustCountry(t, "UT")).MustFiles(t)
	data := examine.TravelBytes(files)
	if bytes.Contains(data, []byte("a face")) {
		t.Error("the face leaves the desk")
	}
	got, err := examine.ParseFiles(data)
	if err != nil {
		t.Fatal(err)
	}
	want := examinetest.Changed(files, func(groups map[int][]byte) { delete(groups, 2) }).Groups
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseFiles_Err(t *testing.T) {
	one, eleven, fourteen := examinetest.DG1(t, examinetest.Anna()), examinetest.DG11("A<<B", ""), trusttest.Wrap(0x6E, []byte("keys"))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, bad := range map[string][]byte{
		"empty":             nil,
		"without DG1":       fourteen,
		"twice":             join(one, one),
		"another order":     join(one, fourteen, eleven),
		"DG1 last":          join(eleven, one),
		"a face":            join(one, trusttest.Wrap(0x75, []byte("a face"))),
		"zeros behind":      join(one, []byte{0}),
		"cut off":           one[:len(one)-1],
		"tag alone":         join(one, []byte{0x6B}),
		"empty file":        join(one, []byte{0x6B, 0}),
		"indefinite length": {0x61, 0x80, 1, 0, 0},
		"length of 4 bytes": {0x61, 0x84, 0, 0, 0, 1, 1},
		"length cut off":    {0x61, 0x82, 1},
		"too long":          trusttest.Wrap(0x61, make([]byte, 60<<10)),
	} {
		if name == "too long" {
			bad = join(bad, trusttest.Wrap(0x6B, make([]byte, 60<<10)), trusttest.Wrap(0x6E, make([]byte, 60<<10)))
		}
		if got, err := examine.ParseFiles(bad); got != nil || !errors.Is(err, examine.ErrFiles) {
			t.Errorf("%s: got %d files, %v", name, len(got), err)
		}
	}
}

// Chips write lengths as they like; what they wrote is what was hashed.
func TestParseFiles_LongLengths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := make(map[int][]byte)
		tags := map[int]byte{1: 0x61, 11: 0x6B, 14: 0x6E, 15: 0x6F}
		for number, tag := range tags {
			if number != 1 && !rapid.Bool().Draw(t, "there") {
				continue
			}
			content := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "content")
			n := len(content)
			header := []byte{tag, 0x83, 0, byte(n >> 8), byte(n)}
			if n < 0x100 && rapid.Bool().Draw(t, "short") {
				header = []byte{tag, 0x81, byte(n)}
			}
			want[number] = append(header, content...)
		}
		data := examine.TravelBytes(examine.TravelFiles{Groups: want})
		got, err := examine.ParseFiles(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestTypedFiles(t *testing.T) {
	for _, zone := range []mrz.MRZ{examinetest.Anna(), examinetest.Permit()} {
		lines := examinetest.MustLines(t, zone)
		for name, text := range map[string]string{
			"lines": lines[0] + "\n" + lines[1], "Windows": lines[0] + "\r\n" + lines[1] + "\r\n", "one run": lines[0] + lines[1],
		} {
			for _, line := range lines[2:] {
				text += "\n" + line
			}
			got, err := examine.TypedFiles(text)
			if err != nil || !bytes.Equal(got, examinetest.DG1(t, zone)) {
				t.Errorf("%s, %s: got %d bytes, %v", zone.Format, name, len(got), err)
			}
		}
	}
	for _, bad := range []string{"", "P<UTO", examinetest.MustLines(t, examinetest.Anna())[0]} {
		var wrong *mrz.Error
		if got, err := examine.TypedFiles(bad); got != nil || !errors.As(err, &wrong) {
			t.Errorf("%d characters: got %d bytes, %v", len(bad), len(got), err)
		}
	}
}

func TestTravelFiles_Wipe(t *testing.T) {
	files := examinetest.PassportOf(t, examinetest.MustCountry(t, "UT")).MustFiles(t)
	kept := [][]byte{files.SOD, files.Groups[1], files.Groups[2], files.Groups[15]}
	files.Wipe()
	for _, content := range kept {
		if len(bytes.Trim(content, "\x00")) > 0 {
			t.Error("something is left of a file")
		}
	}
	if files.SOD != nil || files.Groups != nil || files.Typed != "" {
		t.Error("the files are still there")
	}
}

func FuzzParseFiles(f *testing.F) {
	f.Add(examine.TravelBytes(examinetest.PassportOf(f, examinetest.MustCountry(f, "UT")).MustFiles(f)))
	f.Add(examinetest.DG1(f, examinetest.Permit()))
	f.Add([]byte{0x61, 0x82, 0x00, 0x01, 0x00, 0x6F, 0x81, 0x01, 0xFF})
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, err := examine.ParseFiles(data)
		if err != nil {
			if groups != nil || !errors.Is(err, examine.ErrFiles) {
				t.Fatalf("got %d files, %v", len(groups), err)
			}
			return
		}
		if !bytes.Equal(examine.TravelBytes(examine.TravelFiles{Groups: groups}), data) {
			t.Fatal("files that say something else than their bytes")
		}
		_, _ = examine.TravelIdentity(examine.TravelFiles{Groups: groups}, readOn)
		_ = examine.ProofOf(groups)
	})
}
