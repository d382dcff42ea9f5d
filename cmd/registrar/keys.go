package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"balcao/cmd/internal/guarded"
	"balcao/kiosk/ledger"
	"balcao/kiosk/record"
	"balcao/kiosk/registrar"
)

// Names in the folder of keys.
const (
	identityFile = "identity.age" // age identity file
	pepperFile   = "pepper"       // registrar.PepperLength random bytes
	recordFile   = "record.key"   // Ed25519, PKCS #8 in PEM
	publicFile   = "record.pub"   // its other half, for doors and audits
)

// keygen makes the registrar's keys. It overwrites nothing: whoever loses them loses every PIN.
func keygen(args []string, stdout io.Writer) error {
	if len(args) != 1 && len(args) != 2 {
		return errUsage
	}
	dir, origin := args[0], "balcao/"+rand.Text()
	if len(args) == 2 {
		origin = args[1]
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of keys: %w", err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("making the identity: %w", err)
	}
	pepper := make([]byte, registrar.PepperLength)
	defer clear(pepper)
	if _, err := rand.Read(pepper); err != nil {
		return fmt.Errorf("making the pepper: %w", err)
	}
	text := fmt.Appendf(nil, "# public key: %s\n%s\n", identity.Recipient(), identity)
	defer clear(text)
	if err := writeNew(filepath.Join(dir, identityFile), text); err != nil {
		return fmt.Errorf("writing the identity: %w", err)
	}
	if err := writeNew(filepath.Join(dir, pepperFile), pepper); err != nil {
		return fmt.Errorf("writing the pepper: %w", err)
	}
	if err := errors.Join(
		pairKeygen(dir, recordFile, publicFile, record.GenerateKey),
		pairKeygen(dir, logKeyFile, logPublicFile, func() ([]byte, []byte, error) { return ledger.GenerateKey(origin) }),
	); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, identity.Recipient())
	return err
}

// pairKeygen makes a key and its public half. That comes first: a key without it would be of no use.
func pairKeygen(dir, privateFile, publicFile string, generate func() (private, public []byte, err error)) error {
	private, public, err := generate()
	if err != nil {
		return err
	}
	defer clear(private)
	if err := writeNew(filepath.Join(dir, publicFile), public); err != nil {
		return fmt.Errorf("writing a public key: %w", err)
	}
	if err := writeNew(filepath.Join(dir, privateFile), private); err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	return nil
}

// loadRecordKey reads what keygen wrote. The caller wipes it.
func loadRecordKey(path string) (ed25519.PrivateKey, error) {
	text, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key of records: %w", err)
	}
	defer clear(text)
	return record.ParsePrivateKey(text)
}

// writeNew writes a file that did not exist and is its owner's alone.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// loadRecords reads the public halves of keys of records.
func loadRecords(files []string) (keys []ed25519.PublicKey, err error) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		key, err := record.ParsePublicKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// loadKeys reads what keygen wrote. Files that others may read are refused. The caller wipes the pepper.
func loadKeys(identityPath, pepperPath string) (age.Identity, []byte, error) {
	text, err := readSecret(identityPath)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the identity: %w", err)
	}
	defer clear(text)
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil || len(identities) != 1 {
		return nil, nil, errors.New("reading the identity: not one age identity") // the parser quotes the line
	}
	pepper, err := readSecret(pepperPath)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the pepper: %w", err)
	}
	if len(pepper) != registrar.PepperLength {
		return nil, nil, fmt.Errorf("reading the pepper: %d bytes, want %d", len(pepper), registrar.PepperLength)
	}
	return identities[0], pepper, nil
}

func readSecret(path string) ([]byte, error) {
	if err := guarded.Secret(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
