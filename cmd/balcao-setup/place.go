package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// placement is what is to be written, and what was there before.
type placement struct {
	etc, from string
	owner     *user.User
	files     []placed
}

type placed struct {
	path         string
	content      []byte
	secret, root bool
	there, same  bool   // before
	old          string // where what was there is now
	written      bool
}

func (p placement) path(name string) string { return filepath.Join(p.etc, name) }

// has reports whether a file will be there.
func (p placement) has(name string) bool {
	return slices.ContainsFunc(p.files, func(f placed) bool { return f.path == p.path(name) })
}

// find reads every file from the folder. One that is only at its place already keeps its content and gets its owner.
func (p *placement) find(files []file) error {
	var missing []error
	for _, f := range files {
		candidates := make([]string, 0, len(f.names)+1)
		for _, name := range f.names {
			candidates = append(candidates, filepath.Join(p.from, name))
		}
		content, err := first(append(candidates, p.path(f.to)))
		switch {
		case err == nil:
			p.add(f.to, content, f.secret, f.root)
		case !errors.Is(err, fs.ErrNotExist):
			missing = append(missing, err)
		case !f.optional:
			missing = append(missing, fmt.Errorf("%s is missing: neither %s nor %s is there", f.names[0], strings.Join(candidates, " nor "), p.path(f.to)))
		}
	}
	return errors.Join(missing...)
}

// first reads the first file that is there.
func first(paths []string) (content []byte, err error) {
	for _, path := range paths {
		content, err = os.ReadFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return content, err
}

func (p *placement) add(name string, content []byte, secret, root bool) {
	f := placed{path: p.path(name), content: content, secret: secret, root: root}
	if before, err := os.ReadFile(f.path); err == nil {
		f.there, f.same = true, bytes.Equal(before, content)
		clear(before)
	}
	p.files = append(p.files, f)
}

// replaced are the files that are there with another content.
func (p placement) replaced() (paths []string) {
	for _, f := range p.files {
		if f.there && !f.same {
			paths = append(paths, f.path)
		}
	}
	return paths
}

// write puts all files in place. After an error undo has to follow.
func (p *placement) write() error {
	for i := range p.files {
		f := &p.files[i]
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil { //nolint:gosec // the package made them, with their modes
			return err
		}
		if f.there && !f.same {
			old, err := keep(f.path)
			if err != nil {
				return err
			}
			f.old = old
		}
		if err := p.put(f); err != nil {
			return fmt.Errorf("writing %s: %w", f.path, err)
		}
	}
	return nil
}

// keep renames a file to a name that nothing has.
func keep(path string) (old string, err error) {
	for n := 1; ; n++ {
		old = path + ".old"
		if n > 1 {
			old += strconv.Itoa(n)
		}
		if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
			return old, os.Rename(path, old)
		}
	}
}

// put writes one file at once, or only gives it its owner and mode when it is there as it should be.
func (p *placement) put(f *placed) error {
	temporary := f.path
	if !f.same {
		temporary += ".new"
		out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		_, err = out.Write(f.content)
		if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
			return err
		}
	}
	mode, uid, gid := fs.FileMode(0o644), 0, 0
	if f.secret {
		mode = 0o600
		if !f.root {
			uid, gid = p.ids()
		}
	}
	if err := errors.Join(os.Chmod(temporary, mode), os.Chown(temporary, uid, gid)); err != nil {
		return err
	}
	if f.same {
		return nil
	}
	f.written = true
	return os.Rename(temporary, f.path)
}

// undo brings back what was there before, and removes what was not.
func (p *placement) undo() error {
	var problems []error
	for _, f := range p.files {
		if f.written {
			problems = append(problems, os.Remove(f.path))
		}
		if f.old != "" {
			problems = append(problems, os.Rename(f.old, f.path))
		}
	}
	return errors.Join(problems...)
}

// wipe clears the keys.
func (p *placement) wipe() {
	for _, f := range p.files {
		clear(f.content)
	}
}

func (p placement) ids() (uid, gid int) {
	uid, _ = strconv.Atoi(p.owner.Uid)
	gid, _ = strconv.Atoi(p.owner.Gid)
	return uid, gid
}

// check lets the program judge its configuration, as its user and with the credentials that systemd will hand it.
func check(ctx context.Context, r role, p placement, out io.Writer) error {
	uid, gid := p.ids()
	credentials, err := os.MkdirTemp("/run", "balcao-setup-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(credentials) }()
	if err := os.Chown(credentials, uid, gid); err != nil {
		return err
	}
	for _, f := range p.files {
		if !f.secret || !f.root {
			continue
		}
		copied := filepath.Join(credentials, filepath.Base(f.path))
		if err := errors.Join(os.WriteFile(copied, f.content, 0o600), os.Chown(copied, uid, gid)); err != nil {
			return err
		}
	}
	program := exec.CommandContext(ctx, r.program, "-config", p.path(r.config), "-check-config")
	program.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY="+credentials)
	program.Stdout, program.Dir = out, "/"
	var said bytes.Buffer
	program.Stderr = &said
	if uid != os.Geteuid() {
		program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // of a user
	}
	if err := program.Run(); err != nil {
		return errors.Join(errors.New(strings.TrimSpace(said.String())), err)
	}
	return nil
}
