package photo_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/desk/photo"
)

func TestForScreen(t *testing.T) {
	picture := image.NewGray(image.Rect(0, 0, 60, 80))
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, picture, nil); err != nil {
		t.Fatal(err)
	}
	jp2 := mustJPEG2000(t, ".jp2")
	j2k := mustJPEG2000(t, ".j2k")
	tests := []struct {
		name string
		raw  []byte
		kind kiosk.ImageKind
		err  error
	}{
		{"JPEG", jpg.Bytes(), kiosk.JPEG, nil},
		{"JP2", jp2, kiosk.PNG, nil},
		{"Codestream", j2k, kiosk.PNG, nil},
		{"ErrFormat", []byte("GIF89a"), "", photo.ErrFormat},
		{"ErrEmpty", nil, "", photo.ErrFormat},
		{"ErrDamagedJPEG", jpg.Bytes()[:40], "", photo.ErrDamaged},
		{"ErrDamagedJP2", jp2[:60], "", photo.ErrDamaged},
		{"ErrTooLong", make([]byte, 2<<20), "", photo.ErrTooLarge},
		{"ErrTooWide", widened(jp2), "", photo.ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := photo.ForScreen(context.Background(), test.raw)
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			if err != nil {
				return
			}
			if got.Kind != test.kind {
				t.Errorf("got kind %q, want %q", got.Kind, test.kind)
			}
			if c, _, err := image.DecodeConfig(bytes.NewReader(got.Data)); err != nil || c.Width != 60 || c.Height != 80 {
				t.Errorf("got %dx%d (%v), want 60x80", c.Width, c.Height, err)
			}
		})
	}
}

// What is not the photograph's fault is not blamed on it.
func TestForScreen_NotThePhotograph(t *testing.T) {
	jp2 := mustJPEG2000(t, ".jp2")
	t.Run("ErrCanceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := photo.ForScreen(ctx, jp2); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("ErrNoDecoder", func(t *testing.T) {
		prlimit, err := exec.LookPath("prlimit")
		if err != nil {
			t.Fatal(err)
		}
		path := t.TempDir()
		if err := os.Symlink(prlimit, filepath.Join(path, "prlimit")); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", path)
		if _, err := photo.ForScreen(t.Context(), jp2); !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("got %v, want exec.ErrNotFound", err)
		}
	})
}

// widened claims 65,536 columns in the SIZ marker.
func widened(jp2 []byte) []byte {
	raw := bytes.Clone(jp2)
	at := bytes.Index(raw, []byte{0xFF, 0x4F, 0xFF, 0x51})
	copy(raw[at+8:], []byte{0, 1, 0, 0})
	return raw
}

func FuzzForScreen(f *testing.F) {
	f.Add([]byte{0, 0, 0, 12, 'j', 'P', ' ', ' ', '\r', '\n', 0x87, '\n', 0xFF, 0x4F, 0xFF, 0x51})
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got, err := photo.ForScreen(context.Background(), raw); (got == nil) == (err == nil) {
			t.Errorf("got %v and error %v: one of both", got != nil, err)
		}
	})
}

func mustJPEG2000(t *testing.T, ext string) []byte {
	t.Helper()
	dir := t.TempDir()
	pgm := append([]byte("P5\n60 80\n255\n"), make([]byte, 60*80)...)
	in, out := filepath.Join(dir, "in.pgm"), filepath.Join(dir, "out"+ext)
	if err := os.WriteFile(in, pgm, 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("opj_compress", "-i", in, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("opj_compress (Debian package libopenjp2-tools): %v\n%s", err, text)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
