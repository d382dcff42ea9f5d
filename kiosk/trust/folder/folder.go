// Package folder reads and writes the files of a trust folder: certificates and lists in whatever form authorities publish
// them. What is in them it does not judge.
package folder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// BadFile is a file of a trust folder that is not what its place says. It was left out: what it would have said is
// missing, and everything else goes on.
type BadFile struct {
	File    string // its path within the trust folder
	Country string // whose revocation list it is, as far as can be told
	Err     error
}

func (b *BadFile) Error() string { return b.File + ": " + b.Err.Error() }

func (b *BadFile) Unwrap() error { return b.Err }

// Log writes down what was left out of a trust folder.
func Log(ctx context.Context, log *slog.Logger, left ...*BadFile) {
	for _, bad := range left {
		log.ErrorContext(ctx, "a file of the trust folder was left out", "file", bad.File, "country", bad.Country, "error", bad.Err)
	}
}

// File is a file that was read.
type File[T any] struct {
	Path    string
	Content T
}

// Read reads the files with one of the extensions in a folder within a trust folder, in the order of their names.
// A folder that is not there is an empty one. The error is about the folder; files that cannot be read are bad.
func Read[T any](dir, folder string, extensions []string, limit int64, parse func(data []byte) (T, error)) (good []File[T], bad []*BadFile, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if !slices.Contains(extensions, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		f := File[T]{Path: filepath.Join(dir, folder, e.Name())}
		data, err := ReadBounded(f.Path, limit)
		if err == nil {
			f.Content, err = parse(data)
		}
		if err != nil {
			b := &BadFile{Err: err}
			_ = errors.As(err, &b) // which knows the country
			b.File = folder + "/" + e.Name()
			bad = append(bad, b)
			continue
		}
		good = append(good, f)
	}
	return good, bad, nil
}

// Contents are what was read, without the paths.
func Contents[T any](files []File[T]) []T {
	var all []T
	for _, f := range files {
		all = append(all, f.Content)
	}
	return all
}

// ReadBounded reads a file that may not be longer than limit.
func ReadBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes are too many", info.Size())
	}
	return os.ReadFile(path)
}

// MaxCertificate is far more than any CA certificate needs, in bytes; the largest of the Citizen Card's has 2.2 KB.
const MaxCertificate = 256 << 10

// CertificateFiles are the extensions of files with certificates.
var CertificateFiles = []string{".cer", ".der", ".crt", ".pem"}
