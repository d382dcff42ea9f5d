package cardreader_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ebfe/scard"
	"github.com/google/go-cmp/cmp"

	"balcao/cardreader"
)

// codes are the findings' codes, for comparison; each finding must also have its words.
func codes(t *testing.T, findings []cardreader.Finding) []string {
	t.Helper()
	var got []string
	for _, f := range findings {
		got = append(got, f.Code)
		if f.Title == "" || f.OK != (f.Code == cardreader.CodeOK || f.Code == cardreader.CodeAside) || f.OK != (f.Cause == "") || f.OK != (f.Cure == "") {
			t.Errorf("incomplete finding %+v", f)
		}
	}
	return got
}

func TestDiagnose(t *testing.T) {
	ctx := context.Background()
	expect := func(name string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, codes(t, cardreader.Diagnose(ctx))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	d := newDaemon(t)
	expect("no pcscd", cardreader.CodeStopped)
	restore := cardreader.SetDaemonPaths()
	t.Setenv("PATH", t.TempDir())
	_ = os.Remove("/run/pcscd/pcscd.comm") // left behind by a pcscd that was killed
	expect("not installed", cardreader.CodeMissing)
	restore()
	t.Setenv("PATH", "/usr/sbin:/usr/bin")
	d.mustStart(t)
	expect("empty readers", cardreader.CodeOK, cardreader.CodeOK, cardreader.CodeOK)
	thaw := d.freeze(t)
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if diff := cmp.Diff([]string{cardreader.CodeStuck}, codes(t, cardreader.Diagnose(short))); diff != "" {
		t.Errorf("frozen (-want +got):\n%s", diff)
	}
	thaw()
	d.mustInsert(t, 0, echo)
	release := holdReader(t, readerA)
	expect("busy", cardreader.CodeOK, cardreader.CodeReaderBusy, cardreader.CodeOK)
	release()
	expect("card", cardreader.CodeOK, cardreader.CodeOK, cardreader.CodeOK)
}

func TestDiagnose_Words(t *testing.T) {
	dir := t.TempDir()
	pattern := filepath.Join(dir, "*", "bInterfaceClass")
	if cardreader.PluggedIn(pattern) {
		t.Error("a reader was found where nothing is")
	}
	for device, class := range map[string]string{"1-1:1.0": "03\n", "1-2:1.0": "0b\n"} {
		if err := os.MkdirAll(filepath.Join(dir, device), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, device, "bInterfaceClass"), []byte(class), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !cardreader.PluggedIn(pattern) {
		t.Error("the reader that is plugged in was not found")
	}
	with, without := cardreader.NoReaderFinding(true), cardreader.NoReaderFinding(false)
	if with.Cure == without.Cure {
		t.Error("a missing driver and a missing reader have one cure")
	}
	got := codes(t, []cardreader.Finding{
		with, without, cardreader.ServiceFinding(cardreader.NotAuthorised),
		cardreader.ServiceFinding(cardreader.CauseOf(scard.ErrSecurityViolation)),
	})
	want := []string{cardreader.CodeNoReader, cardreader.CodeNoReader, cardreader.CodeNotAuthorised, cardreader.CodeNotAuthorised}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDoorbell: a socket that appears is noticed, also in a directory that was not there.
func TestDoorbell(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pcscd")
	b := cardreader.NewDoorbell(filepath.Join(dir, "pcscd.comm"))
	defer b.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := b.Wait(ctx); err != nil {
		t.Fatalf("the directory was not noticed: %v", err)
	}
	for range 10 { // after a ring, a few tries at short intervals, until only the next ring counts
		short, cancel := context.WithTimeout(ctx, 700*time.Millisecond)
		err := b.Wait(short)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	go func() { _ = os.WriteFile(filepath.Join(dir, "pcscd.comm"), nil, 0o600) }()
	if err := b.Wait(ctx); err != nil {
		t.Fatalf("the socket was not noticed: %v", err)
	}
}
