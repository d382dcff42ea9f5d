// Package guarded judges, before a program starts, who else on the computer may read its secrets or change what it
// believes. Each error names the file and the cure; nothing is repaired. And it closes the program's own memory.
package guarded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Secret refuses a file that anybody but this program's user and root may read or replace: a private key, a password.
// A file that is not there is an error that wraps [fs.ErrNotExist].
func Secret(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	}
	if err := unread(path, info); err != nil {
		return err
	}
	return replaceable(path)
}

// Credential names the file where systemd's LoadCredential= puts it, unless the configuration did.
func Credential(path *string, name string) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); *path == "" && dir != "" {
		*path = filepath.Join(dir, name)
	}
}

// File refuses a file that anybody but this program's user and root may change or replace: a configuration, a
// certification authority.
func File(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if cure := cure(path, info, ""); cure != "" {
		return fmt.Errorf("%s may be changed by others: %s", path, cure)
	}
	return replaceable(path)
}

// maxDepth is how far below a folder is looked; a trust folder has two storeys, and links may go round in circles.
const maxDepth = 8

// Folder refuses a folder when anybody but this program's user and root may change it or something in it, or
// replace it: a trust folder.
func Folder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	var first, how string
	more := -1
	err = walk(dir, maxDepth, func(path string, info fs.FileInfo) {
		cure := cure(path, info, dir)
		if cure == "" {
			return
		}
		if more++; first == "" {
			first, how = path, cure
		}
	})
	if first != "" {
		err = errors.Join(fmt.Errorf("%s and %d more may be changed by others: %s", first, more, how), err)
	}
	return errors.Join(err, replaceable(dir))
}

// walk visits a path and, through links, everything below. What a link leads to has to be in a place where
// it cannot be replaced either.
func walk(path string, depth int, visit func(string, fs.FileInfo)) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	visit(path, info)
	if !info.IsDir() {
		return nil
	}
	if depth == 0 {
		return fmt.Errorf("%s lies too deep, or links go round in a circle: remove it", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	var problems []error
	for _, e := range entries {
		below := filepath.Join(path, e.Name())
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			problems = append(problems, replaceable(below))
		case e.Type()&fs.ModeIrregular != 0: // Windows: a junction, of which it is not known where it leads
			problems = append(problems, fmt.Errorf("%s is neither a file nor a folder: remove it", below))
			continue
		}
		problems = append(problems, walk(below, depth-1, visit))
	}
	return errors.Join(problems...)
}

// replaceable refuses a place in a folder in which others may rename or delete what is not theirs. A link counts by where it lies and by where it leads.
func replaceable(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for _, place := range []string{path, real} {
		dir, err := filepath.Abs(filepath.Dir(place))
		for last := ""; err == nil && dir != last; last, dir = dir, filepath.Dir(dir) {
			var info fs.FileInfo
			if info, err = os.Stat(dir); err == nil {
				if cure := closing(dir, info); cure != "" {
					err = fmt.Errorf("%s may be replaced, because others may write to %s: %s", path, dir, cure)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
