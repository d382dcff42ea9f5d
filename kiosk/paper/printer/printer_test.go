package printer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"balcao/kiosk/paper"
	"balcao/kiosk/paper/printer"
)

// scheduler is a CUPS of the test's own, which the programs that the package runs talk to. Its printers take what they get
// as it is, so what arrives is what was printed.
func scheduler(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("starting a CUPS needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "cups") // a socket's name is short
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	lp, err := user.Lookup("lp")
	check(t, err)
	uid, err := strconv.Atoi(lp.Uid)
	check(t, err)
	check(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"root", "spool", "cache", "state"} {
		check(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		check(t, os.Chown(filepath.Join(dir, name), uid, -1))
	}
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		check(t, os.WriteFile(name, []byte(text), 0o644))
		return name
	}
	files := write("cups-files.conf", fmt.Sprintf("ServerRoot %[1]s/root\nRequestRoot %[1]s/spool\nCacheDir %[1]s/cache\nStateDir %[1]s/state\n"+
		"AccessLog %[1]s/access\nErrorLog %[1]s/error\nPageLog %[1]s/page\nSystemGroup root\n", dir))
	conf := write("cupsd.conf", "Listen "+dir+"/sock\nWebInterface No\nBrowsing Off\nPreserveJobFiles No\nDefaultAuthType None\n"+
		"<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n<Location />\nAllow all\n</Location>\n<Location /admin>\nAllow all\n</Location>\n")
	cups := exec.Command("cupsd", "-f", "-c", conf, "-s", files)
	check(t, cups.Start())
	t.Cleanup(func() { _ = cups.Process.Signal(os.Interrupt); _ = cups.Wait() })
	t.Setenv("CUPS_SERVER", dir+"/sock")
	for end := time.Now().Add(30 * time.Second); exec.Command("lpstat", "-r").Run() != nil || !exists(dir+"/sock"); {
		if time.Now().After(end) {
			t.Fatal("CUPS does not answer")
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// printed is a printer on the network, and what arrives at it.
func printed(t *testing.T, name string) <-chan []byte {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	arrived := make(chan []byte, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		data, _ := io.ReadAll(conn)
		arrived <- data
	}()
	out, err := exec.Command("lpadmin", "-p", name, "-E", "-v", "socket://"+listener.Addr().String(), "-m", "raw").CombinedOutput()
	if err != nil {
		t.Fatalf("lpadmin: %v\n%s", err, out)
	}
	return arrived
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func receipt(t *testing.T) paper.PDF {
	t.Helper()
	press, err := paper.NewPress(paper.FontFolder)
	check(t, err)
	doc, err := press.Make(paper.Paper{Title: "paper.receipt.title", Sections: []paper.Section{{Rows: []paper.Row{
		{Key: "paper.name", Value: "Conceição Amaurota", Strong: true},
	}}}}, time.Unix(0, 0))
	check(t, err)
	return doc
}

func TestPrint(t *testing.T) {
	ctx := context.Background()
	scheduler(t)
	doc := receipt(t)
	if _, err := printer.Default(ctx); !errors.Is(err, printer.ErrNone) {
		t.Errorf("no printer is set up: %v, want ErrNone", err)
	}
	if err := printer.Printer("nowhere").Print(ctx, doc); !errors.Is(err, printer.ErrRefused) {
		t.Errorf("an unknown printer: %v, want ErrRefused", err)
	}
	arrived := printed(t, "counter")
	p, err := printer.Default(ctx)
	if err != nil || p != "counter" {
		t.Fatalf("the only printer: %q, %v", p, err)
	}
	check(t, p.Print(ctx, doc))
	select {
	case data := <-arrived:
		if !bytes.Equal(data, doc.Data) {
			t.Errorf("%d bytes arrived at the printer, and they are not the paper's %d", len(data), len(doc.Data))
		}
	case <-time.After(time.Minute):
		t.Fatal("nothing arrived at the printer")
	}
	printed(t, "back")
	if _, err := printer.Default(ctx); !errors.Is(err, printer.ErrNone) {
		t.Errorf("two printers, and neither is the default: %v, want ErrNone", err)
	}
	check(t, exec.Command("lpadmin", "-d", "back").Run())
	if p, err := printer.Default(ctx); err != nil || p != "back" {
		t.Errorf("the default printer: %q, %v", p, err)
	}
}

func TestNoCUPS(t *testing.T) {
	t.Setenv("CUPS_SERVER", filepath.Join(t.TempDir(), "none"))
	if _, err := printer.Default(context.Background()); !errors.Is(err, printer.ErrNone) {
		t.Errorf("CUPS does not run: %v, want ErrNone", err)
	}
}

func TestPages(t *testing.T) {
	pages, err := printer.Pages(context.Background(), receipt(t), 72)
	check(t, err)
	size, err := png.DecodeConfig(bytes.NewReader(pages[0]))
	check(t, err)
	if len(pages) != 1 || size.Width < 590 || size.Width > 600 || size.Height < 837 || size.Height > 847 {
		t.Errorf("%d pages of %d × %d, want one of A4", len(pages), size.Width, size.Height)
	}
}
