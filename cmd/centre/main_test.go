package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"balcao/cmd/internal/process"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/record"
)

// asCentre has the test's own binary be the centre, so that it can be a process of its own.
const asCentre = "BALCAO_TEST_CENTRE"

func TestMain(m *testing.M) {
	if os.Getenv(asCentre) != "" {
		main()
	}
	cluster.TestMain(m)
}

// try runs the program to its end.
func try(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// site is a folder with a configuration and what it names.
type site struct {
	dir, config string
	roots       *x509.CertPool
}

// newSite makes one. more is added to the configuration.
func newSite(t *testing.T, database, more string) site {
	t.Helper()
	s := site{dir: t.TempDir(), roots: x509.NewCertPool()}
	s.config = filepath.Join(s.dir, "centre.toml")
	services, err := deskca.New()
	if err != nil {
		t.Fatal(err)
	}
	s.roots.AddCert(services.Certificate())
	pair, err := services.Server("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := pair.Write(s.dir, "centre"); err != nil {
		t.Fatal(err)
	}
	s.write(t, "desks.crt", string(pemOf(cluster.DeskAuthority())), 0o644)
	s.write(t, "centre.toml", fmt.Sprintf(`
listen = "127.0.0.1:0"
certificate = "centre.crt"
key = "centre.key"
desk_authority = "desks.crt"
database = %q
%s`, database, more), 0o600)
	return s
}

func (s site) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

func (s site) mkdir(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	dir := filepath.Join(s.dir, name)
	if err := errors.Join(os.Mkdir(dir, mode), os.Chmod(dir, mode)); err != nil {
		t.Fatal(err)
	}
}

// staffKeys names all that decides whom of the staff, and which record, to believe.
const staffKeys = `staff_authority = "staff.crt"
staff_cards = "cards"
record_keys = ["record.pub"]
`

// goodSite makes a site with everything that a centre needs.
func goodSite(t *testing.T, database, more string) site {
	t.Helper()
	s := newSite(t, database, staffKeys+more)
	s.write(t, "staff.crt", string(pemOf(kiosktest.StaffAuthority(t))), 0o644)
	s.mkdir(t, "cards", 0o755)
	s.write(t, "cards/one.crt", string(pemOf(cluster.DeskAuthority())), 0o644)
	s.write(t, "record.pub", publicKey(t), 0o644)
	return s
}

func publicKey(t *testing.T) string {
	t.Helper()
	_, public, err := record.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return string(public)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"-config", "x", "extra"}} {
		if code, _, errs := try(t, args...); code != exitUsage || !strings.Contains(errs, "Usage: centre") {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	if code, _, errs := try(t, "-help"); code != exitOK || !strings.Contains(errs, "/readyz") {
		t.Errorf("-help: exit %d, %q", code, errs)
	}
}

func TestCheckConfig(t *testing.T) {
	const socket, secret = "host=/run/postgresql user=balcao_centre dbname=balcao", "hunter2"
	good := goodSite(t, socket, "[limits]\ncalls = 8\n")
	if code, _, errs := try(t, "-config", good.config, "-check-config"); code != exitOK {
		t.Fatalf("a good configuration: exit %d: %s", code, errs)
	}
	for _, test := range []struct {
		name string
		site site
		do   func(site)
		want []string
	}{
		{"not there", good, func(s site) { _ = os.Remove(s.config) }, []string{"no such file"}},
		{"everything at once", newSite(t, "", "colour = 1\nmetrics = \":9464\"\n[limits]\ncalls = 0\nstreams = 0\nconnections = 0\nper_address = 0\n"), func(s site) {
			for _, name := range []string{"centre.crt", "desks.crt"} {
				_ = os.Remove(filepath.Join(s.dir, name))
			}
			_ = os.Chmod(filepath.Join(s.dir, "centre.key"), 0o644)
		}, []string{"colour", "metrics:", "certificate:", "key:", "desk_authority:", "database:", "calls is", "streams is", "connections is", "per_address is"}},
		{"a key of another certificate", newSite(t, socket, ""), func(s site) {
			other := newSite(t, socket, "")
			key, err := os.ReadFile(filepath.Join(other.dir, "centre.key"))
			if err != nil {
				t.Fatal(err)
			}
			s.write(t, "centre.key", string(key), 0o600)
		}, []string{"certificate:", "does not match"}},
		{"an authority that is none", newSite(t, socket, ""), func(s site) {
			own, err := os.ReadFile(filepath.Join(s.dir, "centre.crt"))
			if err != nil {
				t.Fatal(err)
			}
			s.write(t, "desks.crt", string(own), 0o644)
		}, []string{"desk_authority:"}},
		{"TCP in the clear", newSite(t, "host=db.example sslmode=disable password="+secret, ""), nil, []string{"database:", "verify-full"}},
		{"TLS if there is any", newSite(t, "host=db.example password="+secret, ""), nil, []string{"verify-full"}},
		{"TLS with anybody", newSite(t, "host=db.example sslmode=require", ""), nil, []string{"verify-full"}},
		{"TLS with any of an authority's", newSite(t, "host=db.example sslmode=verify-ca", ""), nil, []string{"verify-full"}},
		{"one host of two", newSite(t, "host=/run/postgresql,db.example sslmode=require", ""), nil, []string{"db.example", "verify-full"}},
		{"no connection string", newSite(t, "postgres://u:"+secret+"@h:port/", ""), nil, []string{"database:"}},
		{"a password that everybody reads", newSite(t, socket+" password="+secret, ""), func(s site) { _ = os.Chmod(s.config, 0o644) }, []string{"chmod 600"}},
		{"a configuration that everybody changes", newSite(t, socket, ""), func(s site) { _ = os.Chmod(s.config, 0o666) }, []string{"chmod"}},
		{"nobody who could sign in, or be believed", newSite(t, socket, ""), nil, []string{"staff_authority, staff_cards: one of them", "record_keys: missing"}},
		{"no staff authority", newSite(t, socket, staffKeys), nil, []string{"staff_authority", "staff_cards", "record_keys"}},
		{"a staff authority that is none", newSite(t, socket, `staff_authority = "centre.crt"`), nil, []string{"staff_authority", "not an authority's certificate"}},
		{"a staff authority that everybody changes", newSite(t, socket, `staff_authority = "staff.crt"`), func(s site) {
			s.write(t, "staff.crt", string(pemOf(cluster.DeskAuthority())), 0o666)
		}, []string{"staff_authority", "chmod"}},
		{"no cards in the folder", newSite(t, socket, `staff_cards = "cards"`), func(s site) { s.mkdir(t, "cards", 0o755) }, []string{"staff_cards", "no certificate"}},
		{"cards that everybody changes", newSite(t, socket, `staff_cards = "cards"`), func(s site) {
			s.mkdir(t, "cards", 0o777)
			s.write(t, "cards/one.crt", string(pemOf(cluster.DeskAuthority())), 0o644)
		}, []string{"staff_cards", "chmod"}},
		{"a record key that is none", newSite(t, socket, `record_keys = ["centre.crt"]`), nil, []string{"record_keys", "not PEM of one PUBLIC KEY"}},
		{"a record key that everybody changes", newSite(t, socket, `record_keys = ["record.pub"]`), func(s site) {
			s.write(t, "record.pub", publicKey(t), 0o666)
		}, []string{"record_keys", "chmod"}},
		{"an address that is none", newSite(t, socket, ""), func(s site) {
			text, err := os.ReadFile(s.config)
			if err != nil {
				t.Fatal(err)
			}
			s.write(t, "centre.toml", strings.Replace(string(text), "127.0.0.1:0", "127.0.0.1", 1), 0o600)
		}, []string{"listen:"}},
	} {
		if test.do != nil {
			test.do(test.site)
		}
		for _, args := range [][]string{{"-config", test.site.config, "-check-config"}, {"-config", test.site.config}} {
			code, _, errs := try(t, args...)
			if code != exitError {
				t.Errorf("%s: exit %d", test.name, code)
			}
			for _, want := range test.want {
				if !strings.Contains(errs, want) {
					t.Errorf("%s: %q does not say %q", test.name, errs, want)
				}
			}
			if strings.Contains(errs, secret) {
				t.Errorf("%s: the password is told: %q", test.name, errs)
			}
		}
	}
}

// start starts a centre as a process of its own, and returns its URL.
func start(t *testing.T, s site) (*process.Process, string) {
	t.Helper()
	p, err := process.Start([]string{asCentre + "=1"}, os.Args[0], "-config", s.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(time.Second) })
	if err := p.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, line := range p.Said() {
		if address, is := strings.CutPrefix(line.Text, "ready "); is {
			return p, "https://" + address
		}
	}
	t.Fatal("it does not say where it is ready")
	panic("unreachable")
}

func (s site) client(cert *tls.Certificate) *http.Client {
	c := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS13}
	if cert != nil {
		c.Certificates = []tls.Certificate{*cert}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, MaxIdleConnsPerHost: 32}, Timeout: 30 * time.Second}
}

// TestStop: after SIGTERM the process ends with 0, in order, and its streams hear why.
func TestStop(t *testing.T) {
	db := cluster.NewDatabase(t)
	s := goodSite(t, db.Centre(), "metrics = \"127.0.0.1:0\"\n")
	p, url := start(t, s)
	desk := db.Desk("loja_1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var answer *http.Response
	for answer == nil || answer.StatusCode != http.StatusOK { // until it listens to the database
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err = s.client(&desk).Do(r); err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
	}
	log := ""
	for _, line := range p.Said() {
		log += line.Text + "\n"
	}
	told, err := process.Scrape(t.Context(), log)
	for _, want := range []string{"balcao_door_database_up 1", "balcao_door_streams 1", "balcao_door_desks_seen 1", "process_open_fds "} {
		if !strings.Contains(told, "\n"+want) {
			t.Errorf("%s is not told in\n%s %v", want, told, err)
		}
	}
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if want := "event: end\ndata: \"unavailable\"\n\n"; err != nil || !strings.HasSuffix(string(text), want) {
		t.Errorf("the stream ended with %q, %v, want %q", text, err, want)
	}
	<-p.Done
	if p.Err != nil {
		t.Errorf("ended with %v", p.Err)
	}
}

func pemOf(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}
