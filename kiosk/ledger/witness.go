package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxRequest is enough for 63 hashes and a checkpoint with many signatures.
const maxRequest = 64 << 10

// Witness is a C2SP tlog-witness: an HTTP handler of
//
//	POST /add-checkpoint             the protocol
//	GET  /checkpoint/SHA256          the newest checkpoint that it cosigned of the log whose origin has this hash, in lower-case
//	                                 hexadecimal; for auditors, the protocol has no such request yet
//
// It cosigns what extends the newest checkpoint that it cosigned before, and writes that into its folder before it
// answers.
type Witness struct {
	key  *cosignature.Signer
	logs map[string]note.Verifier // by origin
	dir  string
	mux  *http.ServeMux

	mu     sync.Mutex
	newest map[string]Checkpoint
}

// NewWitness reads the state of a witness. The folder must exist: a witness that lost its memory would cosign anything, so
// it is made together with its key. Logs are the public keys of the logs that it serves.
func NewWitness(key *cosignature.Signer, logs []note.Verifier, dir string) (*Witness, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder: a witness that lost its memory gets a new key", dir)
	}
	w := &Witness{key: key, logs: map[string]note.Verifier{}, dir: dir, mux: http.NewServeMux(), newest: map[string]Checkpoint{}}
	for _, l := range logs {
		c := Checkpoint{Root: emptyRoot}
		text, err := os.ReadFile(w.file(l.Name()))
		if err == nil {
			c, err = OpenCheckpoint(text, l)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading what was cosigned of %s: %w", l.Name(), err)
		}
		w.logs[l.Name()], w.newest[l.Name()] = l, c
	}
	w.mux.HandleFunc("POST /add-checkpoint", w.add)
	w.mux.HandleFunc("GET /checkpoint/{log}", w.show)
	return w, nil
}

func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(rw, r) }

func logHash(origin string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(origin))) }

func (w *Witness) file(origin string) string { return filepath.Join(w.dir, logHash(origin)) }

func (w *Witness) show(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for origin, c := range w.newest {
		if logHash(origin) == r.PathValue("log") && c.Size > 0 {
			rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = rw.Write(c.Note)
			return
		}
	}
	http.NotFound(rw, r)
}

// add answers as tlog-witness says for add-checkpoint.
func (w *Witness) add(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
	if err != nil {
		http.Error(rw, "too long", http.StatusBadRequest)
		return
	}
	head, text, _ := bytes.Cut(body, []byte("\n\n"))
	old, proof, ok := parseAdd(string(head))
	if !ok {
		http.Error(rw, "not a request", http.StatusBadRequest)
		return
	}
	origin, _, _ := bytes.Cut(text, []byte("\n"))
	key, ok := w.logs[string(origin)]
	if !ok {
		http.Error(rw, "no such log", http.StatusNotFound)
		return
	}
	c, err := OpenCheckpoint(text, key)
	if err != nil {
		http.Error(rw, "not signed by the log", http.StatusForbidden)
		return
	}
	if old > c.Size {
		http.Error(rw, "older than it says", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.newest[string(origin)]
	switch {
	case old != last.Size, old == c.Size && c.Root != last.Root:
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(rw, "%d\n", last.Size)
		return
	case (old == 0 || old == c.Size) && len(proof) > 0,
		old > 0 && old < c.Size && tlog.CheckTree(proof, c.Size, c.Root, old, last.Root) != nil:
		http.Error(rw, "the proof does not hold", http.StatusUnprocessableEntity)
		return
	}
	lines, err := w.cosign(c, key)
	if err != nil {
		http.Error(rw, "cannot cosign just now", http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(rw, lines)
}

// cosign cosigns and remembers a checkpoint.
func (w *Witness) cosign(c Checkpoint, key note.Verifier) (string, error) {
	n, err := note.Open(c.Note, note.VerifierList(key))
	if err != nil {
		return "", err
	}
	n.UnverifiedSigs = nil
	signed, err := note.Sign(n, w.key)
	if err != nil {
		return "", err
	}
	if c.Note = signed; replaceFile(w.file(key.Name()), signed) != nil {
		return "", errors.New("cannot remember")
	}
	w.newest[key.Name()] = c
	mine, err := note.Open(signed, note.VerifierList(w.key.Verifier()))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("\u2014 %s %s\n", mine.Sigs[0].Name, mine.Sigs[0].Base64), nil
}

// parseAdd reads "old N" and the lines of hashes.
func parseAdd(head string) (old int64, proof tlog.TreeProof, ok bool) {
	lines := strings.Split(head, "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || old < 0 || strconv.FormatInt(old, 10) != size || len(lines) > 64 {
		return 0, nil, false
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return 0, nil, false
		}
		proof = append(proof, tlog.Hash(h))
	}
	return old, proof, true
}
