package drawer_test

import (
	"bytes"
	"encoding/asn1"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/drawer"
)

// chipReader reads a card with plain commands, knowing only file names.
type chipReader struct {
	t *testing.T
	c card.Card
}

func (r chipReader) send(apdu ...byte) []byte {
	r.t.Helper()
	answer := r.c.Transmit(apdu).Data
	if n := len(answer); n < 2 || answer[n-2] != 0x90 {
		r.t.Fatalf("command %x is answered by % x", apdu[:4], answer[max(0, n-2):])
	}
	return answer[:len(answer)-2]
}

// file selects an application and a path below it, and reads to the end of the file.
func (r chipReader) file(aid byte, path ...byte) []byte {
	r.t.Helper()
	r.send(0x00, 0xa4, 0x04, 0x0c, 0x07, 0x60, 0x46, 0x32, 0xff, 0x00, 0x00, aid)
	r.send(append([]byte{0x00, 0xa4, 0x08, 0x0c, byte(len(path))}, path...)...)
	var data []byte
	for {
		answer := r.c.Transmit([]byte{0x00, 0xb0, byte(len(data) >> 8), byte(len(data)), 0x00}).Data
		if len(answer) == 2 { // beyond the end
			return data
		}
		data = append(data, answer[:len(answer)-2]...)
	}
}

// document is what the test needs of a card of either generation.
type document struct{ certificate, above, sod []byte }

func (r chipReader) document(generation string) document {
	r.t.Helper()
	if generation == "2024" {
		return document{
			certificate: r.file(4, 0x5f, 0x00, 0xef, 0x02), above: r.file(4, 0x5f, 0x00, 0xef, 0x06),
			sod: r.file(5, 0x01, 0x1d),
		}
	}
	return document{
		certificate: r.file(2, 0x5f, 0x00, 0xef, 0x09), above: r.file(2, 0x5f, 0x00, 0xef, 0x10),
		sod: r.file(2, 0x5f, 0x00, 0xef, 0x06),
	}
}

// TestOpenSSL lets openssl verify the chain and the security object of each good card, and of each
// bad one whose fault lies elsewhere.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatalf("this test needs openssl: %v", err)
	}
	d := mustOpen(t)
	dir := t.TempDir()
	root := filepath.Join(dir, "root.pem")
	openssl(t, "x509", "-inform", "der", "-in", "../../assets/testpki/trust/anchors/raiz-002.der", "-out", root)
	bundle := filepath.Join(dir, "bundle.pem")
	var pem []byte
	names, err := filepath.Glob("../../assets/testpki/trust/intermediates/*.der")
	if err != nil || len(names) == 0 {
		t.Fatalf("no intermediates: %v", err)
	}
	for _, name := range names {
		pem = append(pem, openssl(t, "x509", "-inform", "der", "-in", name)...)
	}
	mustWrite(t, bundle, pem)
	store := filepath.Join(dir, "store.pem") // cms takes intermediates from the store only
	mustWrite(t, store, append(openssl(t, "x509", "-in", root), pem...))
	for _, e := range d.Entries() {
		if e.Kind != drawer.KindCitizen || e.CAN != "" {
			continue // TestDocuments has those that are opened first
		}
		// These two faults are in what openssl looks at; those with a fault of their own are left out.
		wantChain, wantSOD := e.RefusedFor != "chain_untrusted", e.RefusedFor != "sod_untrusted" && e.RefusedFor != "sod_invalid"
		switch e.RefusedFor {
		case "card_malformed", "card_refused", "card_silent", "card_removed", "certificate_expired":
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			c := mustCard(t, d, e.Name)
			c.PowerOn()
			doc := chipReader{t, c}.document(e.Generation)
			above := filepath.Join(t.TempDir(), "above.pem")
			mustWrite(t, filepath.Join(filepath.Dir(above), "above.der"), firstObject(t, doc.above))
			openssl(t, "x509", "-inform", "der", "-in", filepath.Join(filepath.Dir(above), "above.der"), "-out", above)
			leaf := filepath.Join(filepath.Dir(above), "leaf.der")
			mustWrite(t, leaf, firstObject(t, doc.certificate))
			got := try("verify", "-auth_level", "0", "-CAfile", root, "-untrusted", bundle, "-untrusted", above, leaf)
			if got != wantChain {
				t.Errorf("chain: openssl says %v, want %v", got, wantChain)
			}
			sod := filepath.Join(filepath.Dir(above), "sod.der")
			mustWrite(t, sod, unwrap(t, doc.sod))
			got = try("cms", "-verify", "-inform", "der", "-in", sod, "-CAfile", store, "-out", os.DevNull)
			if e.Name == "cc1-self-signed-sod" || e.Name == "cc2024-self-signed-sod" {
				return // chains to the State, as forgeries by holders do: who signed is for the desk to see
			}
			if got != wantSOD {
				t.Errorf("SOD: openssl says %v, want %v", got, wantSOD)
			}
		})
	}
}

func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("openssl", args...).Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func try(args ...string) bool { return exec.Command("openssl", args...).Run() == nil }

func mustWrite(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// firstObject cuts the padding behind a DER object off.
func firstObject(t *testing.T, file []byte) []byte {
	t.Helper()
	var object asn1.RawValue
	rest, err := asn1.Unmarshal(file, &object)
	if err != nil || len(bytes.Trim(rest, "\x00")) != 0 {
		t.Fatalf("not one padded DER object: %v", err)
	}
	return object.FullBytes
}

// unwrap takes the content out of the application tag of an SOD.
func unwrap(t *testing.T, file []byte) []byte {
	t.Helper()
	var object asn1.RawValue
	if _, err := asn1.Unmarshal(file, &object); err != nil || object.Class != asn1.ClassApplication || object.Tag != 23 {
		t.Fatalf("not an SOD: %v", err)
	}
	return object.Bytes
}

func mustOpen(t *testing.T) *drawer.Drawer {
	t.Helper()
	d, err := drawer.Open()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustCard(t *testing.T, d *drawer.Drawer, name string) card.Card {
	t.Helper()
	c, err := d.Card(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
