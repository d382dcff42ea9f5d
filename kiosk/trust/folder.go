package trust

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

// CheckFolder loads a trust folder and returns everything that is wrong with it, each file by its name.
func CheckFolder(dir string) error {
	var problems []error
	store, err := Load(dir)
	if err != nil {
		problems = append(problems, err)
	}
	countries, err := LoadCountries(dir)
	if err != nil {
		problems = append(problems, err)
	}
	for _, bad := range slices.Concat(store.BadFiles(), countries.BadFiles()) {
		problems = append(problems, bad)
	}
	return errors.Join(problems...)
}

// LogBadFiles writes down what was left out of a trust folder.
func LogBadFiles(ctx context.Context, log *slog.Logger, s *Store, c *Countries) {
	for _, bad := range slices.Concat(s.BadFiles(), c.BadFiles()) {
		log.ErrorContext(ctx, "a file of the trust folder was left out", "file", bad.File, "country", bad.Country, "error", bad.Err)
	}
}

// trustFile is a file of a trust folder that was read.
type trustFile[T any] struct {
	path    string
	content T
}

// readFolder reads the files with one of the extensions in a folder within a trust folder, in the order of their names.
// A folder that is not there is an empty one. The error is about the folder; files that cannot be read are bad.
func readFolder[T any](dir, folder string, extensions []string, limit int64, parse func(data []byte) (T, error)) (good []trustFile[T], bad []*BadFile, err error) {
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
		f := trustFile[T]{path: filepath.Join(dir, folder, e.Name())}
		data, err := readBounded(f.path, limit)
		if err == nil {
			f.content, err = parse(data)
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

// contents are what was read, without the paths.
func contents[T any](files []trustFile[T]) []T {
	var all []T
	for _, f := range files {
		all = append(all, f.content)
	}
	return all
}

// readBounded reads a file that may not be longer than limit.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes are too many", info.Size())
	}
	return os.ReadFile(path)
}
