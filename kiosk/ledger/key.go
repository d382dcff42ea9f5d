package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// GenerateKey makes the key of a log, or of a witness, in the forms of golang.org/x/mod/sumdb/note: each one line of text.
// Name is the log's origin, or the witness's name: a schema-less URL without spaces or plus signs. Wipe the private one.
func GenerateKey(name string) (private, public []byte, err error) {
	if name == "" || strings.ContainsAny(name, " +\t\r\n") {
		return nil, nil, errors.New("the name of a key has no spaces and no plus sign")
	}
	signs, verifies, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, nil, fmt.Errorf("making the log's key: %w", err)
	}
	return []byte(signs + "\n"), []byte(verifies + "\n"), nil
}

// GenerateCosigner makes the key of a witness; its public half has the form of tlog-cosignature.
func GenerateCosigner(name string) (private, public []byte, err error) {
	private, public, err = GenerateKey(name)
	if err != nil {
		return nil, nil, err
	}
	converted, err := cosignature.VKeyToCosignatureV1(strings.TrimSpace(string(public)))
	return private, []byte(converted + "\n"), err
}

// parseKey reads a private key, and makes its public half.
func parseKey(text []byte) (note.Signer, note.Verifier, error) {
	line := strings.TrimSpace(string(text))
	signer, err := note.NewSigner(line)
	if err != nil {
		return nil, nil, errors.New("the log's key is none") // the parser may quote it
	}
	// PRIVATE+KEY+name+hash+base64 of 1 (Ed25519) and the seed, which NewSigner has checked.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(line, "+", 5)[4])
	if err != nil {
		return nil, nil, errors.New("the log's key is none")
	}
	defer clear(seed)
	private := ed25519.NewKeyFromSeed(seed[1:])
	defer clear(private)
	public, err := note.NewEd25519VerifierKey(signer.Name(), private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, nil, err
	}
	verifier, err := note.NewVerifier(public)
	return signer, verifier, err
}

// CheckKey reports whether a text is a log's private key.
func CheckKey(text []byte) error {
	_, _, err := parseKey(text)
	return err
}

// LoadVerifier reads the public half of a log's key from a file.
func LoadVerifier(path string) (note.Verifier, error) {
	return load(path, note.NewVerifier)
}

// LoadCosigner reads the public half of a witness's key from a file.
func LoadCosigner(path string) (note.Verifier, error) {
	return load(path, cosignature.NewVerifierForCosignatureV1)
}

func load(path string, parse func(string) (note.Verifier, error)) (note.Verifier, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a key of the log: %w", err)
	}
	v, err := parse(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("reading a key of the log, %s: %w", path, err)
	}
	return v, nil
}
