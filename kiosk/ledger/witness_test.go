package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cosignature "github.com/transparency-dev/formats/note"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"balcao/kiosk/ledger"
)

// aLog is a log in memory.
type aLog struct {
	t      *testing.T
	signer note.Signer
	tree   []tlog.Hash
	size   int64
}

func newLog(t *testing.T, key []byte) *aLog {
	t.Helper()
	signer, err := note.NewSigner(strings.TrimSpace(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	return &aLog{t: t, signer: signer}
}

func (l *aLog) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	for _, i := range indexes {
		hashes = append(hashes, l.tree[i])
	}
	return hashes, nil
}

func (l *aLog) add(leaves ...string) {
	l.t.Helper()
	for _, leaf := range leaves {
		hashes, err := tlog.StoredHashes(l.size, []byte(leaf), l)
		if err != nil {
			l.t.Fatal(err)
		}
		l.tree, l.size = append(l.tree, hashes...), l.size+1
	}
}

func (l *aLog) root(size int64) tlog.Hash {
	l.t.Helper()
	h, err := tlog.TreeHash(size, l)
	if err != nil {
		l.t.Fatal(err)
	}
	return h
}

// checkpoint is signed with more than the log's key, when others are given.
func (l *aLog) checkpoint(size int64, origin string, others ...note.Signer) string {
	l.t.Helper()
	root := l.root(size)
	text, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root[:]))},
		append([]note.Signer{l.signer}, others...)...)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

// request is the body of add-checkpoint.
func (l *aLog) request(old, size int64) string {
	l.t.Helper()
	body := fmt.Sprintf("old %d\n", old)
	if old > 0 && old < size {
		proof, err := tlog.ProveTree(size, old, l)
		if err != nil {
			l.t.Fatal(err)
		}
		var path [][]byte
		for _, h := range proof {
			body += base64.StdEncoding.EncodeToString(h[:]) + "\n"
			path = append(path, h[:])
		}
		a, b := l.root(old), l.root(size)
		if err := merkle.VerifyConsistency(rfc6962.DefaultHasher, uint64(old), uint64(size), path, a[:], b[:]); err != nil {
			l.t.Errorf("transparency-dev/merkle: %v", err)
		}
	}
	return body + "\n" + l.checkpoint(size, l.signer.Name())
}

type witness struct {
	*ledger.Witness
	key      *cosignature.Signer
	verifier note.Verifier
	public   string // file
	dir      string
}

func newWitness(t *testing.T, logs ...note.Verifier) witness {
	t.Helper()
	private, public, err := ledger.GenerateCosigner("witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	w := witness{dir: t.TempDir(), public: filepath.Join(t.TempDir(), "witness.pub")}
	if w.key, err = cosignature.NewSignerForCosignatureV1(strings.TrimSpace(string(private))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.public, public, 0o600); err != nil {
		t.Fatal(err)
	}
	if w.verifier, err = ledger.LoadCosigner(w.public); err != nil {
		t.Fatal(err)
	}
	if w.Witness, err = ledger.NewWitness(w.key, logs, w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w witness) post(body string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(body)))
	return answer
}

func TestWitness(t *testing.T) {
	c := newCentre(t) // its keys only
	other := newCentre(t)
	l, fork := newLog(t, c.key), newLog(t, c.key)
	l.add("a", "b", "c", "d", "e", "f", "g")
	fork.add("a", "b", "X", "d", "e", "f", "g")
	stranger := newLog(t, other.key)
	stranger.add("a", "b", "c", "d", "e", "f", "g")
	w := newWitness(t, c.verifier)
	swap := func(s, a, b string) string {
		if !strings.Contains(s, a) {
			t.Fatalf("%q is not in %q", a, s)
		}
		return strings.Replace(s, a, b, 1)
	}
	for i, step := range []struct {
		name string
		body string
		want int
		size string // the body of 409
	}{
		{"the first one says that it follows another", l.request(2, 3), 409, "0\n"},
		{"the first one", l.request(0, 3), 200, ""},
		{"the same once more", l.request(3, 3), 200, ""},
		{"it begins anew", l.request(0, 5), 409, "3\n"},
		{"a longer one", l.request(3, 5), 200, ""},
		{"an older one", l.request(3, 3), 409, "5\n"},
		{"back to the beginning", l.request(5, 5)[:len("old ")] + "0\n\n" + l.checkpoint(3, origin), 409, "5\n"},
		{"a fork of the same size", fork.request(5, 5), 409, "5\n"},
		{"a longer fork", fork.request(5, 7), 422, ""},
		{"a fork with the true proof", swap(l.request(5, 7), l.checkpoint(7, origin), fork.checkpoint(7, origin)), 422, ""},
		{"no proof", "old 5\n\n" + l.checkpoint(7, origin), 422, ""},
		{"a proof where none belongs", swap(l.request(5, 5), "old 5\n", "old 5\n"+strings.Repeat("A", 43)+"=\n"), 422, ""},
		{"another key under the log's name", "old 5\n\n" + stranger.checkpoint(5, origin), 403, ""},
		{"nobody signed", swap(l.request(5, 7), "\u2014 "+origin, "\u2014 "+origin+"/other"), 403, ""},
		{"another log", "old 0\n\n" + l.checkpoint(7, "example.com/other"), 404, ""},
		{"older than itself", "old 6\n\n" + l.checkpoint(5, origin), 400, ""},
		{"a leading zero", swap(l.request(5, 7), "old 5", "old 05"), 400, ""},
		{"a negative size", swap(l.request(5, 7), "old 5", "old -5"), 400, ""},
		{"a hash of 31 bytes", swap(l.request(5, 7), "old 5\n", "old 5\n"+strings.Repeat("A", 42)+"==\n"), 400, ""},
		{"64 hashes", swap(l.request(5, 7), "old 5\n", "old 5\n"+strings.Repeat(strings.Repeat("A", 43)+"=\n", 64)), 400, ""},
		{"nothing", "", 400, ""},
		{"extension lines", swap(l.request(5, 7), "\n\n\u2014", "\nmore\n\n\u2014"), 403, ""},
		{"the true longer one", l.request(5, 7), 200, ""},
	} {
		if i == 6 { // restarts: what it cosigned is remembered
			var err error
			if w.Witness, err = ledger.NewWitness(w.key, []note.Verifier{c.verifier}, w.dir); err != nil {
				t.Fatal(err)
			}
		}
		answer := w.post(step.body)
		if answer.Code != step.want {
			t.Errorf("%s: %d %s, want %d", step.name, answer.Code, answer.Body, step.want)
		}
		switch answer.Code {
		case 409:
			if answer.Body.String() != step.size || answer.Header().Get("Content-Type") != "text/x.tlog.size" {
				t.Errorf("%s: %q, %v", step.name, answer.Body, answer.Header())
			}
		case 200:
			_, text, _ := strings.Cut(step.body, "\n\n")
			n, err := note.Open(append([]byte(text), answer.Body.Bytes()...), note.VerifierList(w.verifier))
			if err != nil || len(n.Sigs) != 1 {
				t.Errorf("%s: the cosignature does not verify: %v\n%s", step.name, err, answer.Body)
			}
		}
	}
	if _, err := ledger.NewWitness(w.key, []note.Verifier{c.verifier}, filepath.Join(w.dir, "lost")); err == nil {
		t.Error("it begins without a memory")
	}
	if err := os.WriteFile(filepath.Join(w.dir, fmt.Sprintf("%x", sha256.Sum256([]byte(origin)))), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.NewWitness(w.key, []note.Verifier{c.verifier}, w.dir); err == nil {
		t.Error("it begins with a memory that it cannot read")
	}
}

// A registrar's checkpoints are cosigned, an audit asks the witness, and a checkpoint is verified by others' code.
func TestWitnessed(t *testing.T) {
	c := newCentre(t)
	w := newWitness(t, c.verifier)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	cfg := c.config("r1")
	cfg.Witnesses = []ledger.WitnessAt{{URL: server.URL, Key: w.verifier}}
	stop := c.start(cfg)
	cosigned := `select coalesce((select note from centre.log_checkpoint order by size desc limit 1) like '%witness.example/w1%'
		and (select max(size) from centre.log_checkpoint) = (select size from centre.log_state), false)`
	c.until("the checkpoint is cosigned", cosigned)
	c.exec(`insert into centre.desk (name) values ('loja_1')`)
	c.sequenced()
	c.until("the next checkpoint is cosigned", cosigned)
	stop()
	_, text, err := ledger.Newest(t.Context(), c.admin)
	c.check(err)
	verifyElsewhere(t, c, w, text)

	// The witness's own memory serves as a checkpoint from outside.
	answer, err := http.Get(fmt.Sprintf("%s/checkpoint/%x", server.URL, sha256.Sum256([]byte(origin)))) //nolint:noctx // a test's server
	c.check(err)
	defer answer.Body.Close()
	kept, err := io.ReadAll(answer.Body)
	c.check(err)
	checkpoint, err := ledger.OpenCheckpoint(kept, c.verifier)
	c.check(err)
	with := ledger.Audited{Witnesses: []note.Verifier{w.verifier}, Checkpoints: []ledger.Kept{{Source: "the witness", Checkpoint: checkpoint}}}
	if r := c.audit(with); len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
	if r := c.audit(ledger.Audited{Witnesses: []note.Verifier{newWitness(t).verifier}}); len(r.Findings) != 1 || r.Findings[0].Kind != ledger.Unsigned {
		t.Errorf("without a witness: %+v", r)
	}

	// A registrar that forgot what it signed, of a database that was rewritten: the witness does not cosign, and says so.
	forged := c.copy(t)
	forged.behind(`update centre.log_leaf set columns = replace(columns, '6:active', '7:revoked') where kind = 'desk'`)
	forged.recompute()
	forged.exec(`delete from centre.log_checkpoint`)
	forged.exec(`update centre.log_state set until = now()`)
	amnesic := forged.here(forged.config("r1"))
	amnesic.Witnesses = cfg.Witnesses
	forged.start(amnesic)
	forged.exec(`insert into centre.desk (name) values ('loja_2')`)
	forged.until("an alarm", `select exists (select from centre.alert where kind = 'log_witness')`)
	if n := scalar[int](forged, `select count(*) from centre.log_checkpoint where note like '%witness.example%'`); n != 0 {
		t.Error("the witness cosigned a fork")
	}
	if r := forged.audit(with); len(r.Findings) == 0 || !strings.Contains(fmt.Sprint(r.Findings), "rewritten") {
		t.Errorf("%+v", r)
	}
}

// verifyElsewhere has node's own crypto verify both signatures, and refuse another text.
func verifyElsewhere(t *testing.T, c *centre, w witness, text []byte) {
	t.Helper()
	for name, test := range map[string]struct {
		text []byte
		good bool
	}{
		"as it is":       {text, true},
		"another size":   {bytes.Replace(text, []byte(origin+"\n"), []byte(origin+"\n1"), 1), false},
		"another origin": {bytes.Replace(text, []byte("balcao"), []byte("balc0o"), 1), false},
	} {
		file := filepath.Join(t.TempDir(), "checkpoint")
		if err := os.WriteFile(file, test.text, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(context.Background(), "node", "testdata/verify.js", file, c.public, w.public).CombinedOutput()
		if (err == nil) != test.good {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
