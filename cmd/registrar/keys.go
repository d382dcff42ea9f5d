package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"balcao/cmd/internal/guarded"
	"balcao/kiosk/registrar"
)

// Names in the folder of keys.
const (
	identityFile = "identity.age" // age identity file
	pepperFile   = "pepper"       // registrar.PepperLength random bytes
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
	if err := logKeygen(dir, origin); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, identity.Recipient())
	return err
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
