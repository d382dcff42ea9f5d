package guarded_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"balcao/cmd/internal/guarded"
)

func TestMain(m *testing.M) {
	syscall.Umask(0o022)
	os.Exit(m.Run())
}

// stranger is a user that neither runs these tests nor is root.
const stranger = 4242

// mustLay makes root/keys/secret and root/trust/root/a.cer with good modes, and changes something.
func mustLay(t *testing.T, change func(root string) error) (secret, folder string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	secret, folder = filepath.Join(root, "keys", "secret"), filepath.Join(root, "trust")
	for _, file := range []string{secret, filepath.Join(folder, "root", "a.cer")} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		err := change(root)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTSUP) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return secret, folder
}

func chmod(path string, mode fs.FileMode) func(string) error {
	return func(root string) error { return os.Chmod(filepath.Join(root, path), mode) }
}

func chown(path string) func(string) error {
	return func(root string) error { return os.Chown(filepath.Join(root, path), stranger, 0) }
}

// list gives a file an access control list, as acl(5) has it: who may read beside the owner.
func list(path string, entries ...[3]uint32) func(string) error {
	return func(root string) error {
		acl := binary.LittleEndian.AppendUint32(nil, 2)
		for _, e := range entries {
			acl = binary.LittleEndian.AppendUint16(acl, uint16(e[0]))
			acl = binary.LittleEndian.AppendUint16(acl, uint16(e[1]))
			acl = binary.LittleEndian.AppendUint32(acl, e[2])
		}
		return unix.Setxattr(filepath.Join(root, path), "system.posix_acl_access", acl, 0)
	}
}

// link moves something to a folder with the mode, and leaves a link to it.
func link(from, to string, mode fs.FileMode) func(string) error {
	return func(root string) error {
		from, to := filepath.Join(root, from), filepath.Join(root, to)
		return errors.Join(os.Mkdir(filepath.Dir(to), 0o700), os.Chmod(filepath.Dir(to), mode), os.Rename(from, to), os.Symlink(to, from))
	}
}

func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q in it", err, want)
	}
}

func TestSecret(t *testing.T) {
	me := uint32(os.Geteuid())
	const none = 0xffffffff
	for name, test := range map[string]struct {
		change func(string) error
		want   string // "" when it is good
	}{
		"owner":           {nil, ""},
		"read only":       {chmod("keys/secret", 0o400), ""},
		"group reads":     {chmod("keys/secret", 0o640), "chmod 600"},
		"others read":     {chmod("keys/secret", 0o604), "chmod 600"},
		"others write":    {chmod("keys/secret", 0o602), "chmod 600"},
		"others run":      {chmod("keys/secret", 0o601), "chmod 600"},
		"another's":       {chown("keys/secret"), "chown"},
		"folder open":     {chmod("keys", 0o777), "chmod o-w"},
		"folder sticky":   {chmod("keys", 0o777|fs.ModeSticky), ""},
		"far folder open": {chmod(".", 0o757), "chmod o-w"},
		"missing":         {func(root string) error { return os.Remove(filepath.Join(root, "keys/secret")) }, "no such file"},
		"link":            {link("keys/secret", "safe/secret", 0o755), ""},
		"no file": {func(root string) error {
			return errors.Join(os.Remove(filepath.Join(root, "keys/secret")), os.Mkdir(filepath.Join(root, "keys/secret"), 0o700))
		}, "not a file"},
		"credential of systemd": {list("keys/secret", [3]uint32{1, 4, none}, [3]uint32{2, 4, me}, [3]uint32{4, 0, none}, [3]uint32{16, 4, none}, [3]uint32{32, 0, none}), ""},
		"list names another":    {list("keys/secret", [3]uint32{1, 4, none}, [3]uint32{2, 4, stranger}, [3]uint32{4, 0, none}, [3]uint32{16, 4, none}, [3]uint32{32, 0, none}), "chmod 600"},
		"list names a group":    {list("keys/secret", [3]uint32{1, 4, none}, [3]uint32{4, 0, none}, [3]uint32{8, 4, 7}, [3]uint32{16, 4, none}, [3]uint32{32, 0, none}), "chmod 600"},
		"list lets the group":   {list("keys/secret", [3]uint32{1, 4, none}, [3]uint32{2, 4, me}, [3]uint32{4, 4, none}, [3]uint32{16, 4, none}, [3]uint32{32, 0, none}), "chmod 600"},
		"list lets everybody":   {list("keys/secret", [3]uint32{1, 4, none}, [3]uint32{2, 4, me}, [3]uint32{4, 0, none}, [3]uint32{16, 4, none}, [3]uint32{32, 4, none}), "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			secret, _ := mustLay(t, test.change)
			check(t, guarded.Secret(secret), test.want)
		})
	}
}

func TestFile(t *testing.T) {
	for name, test := range map[string]struct {
		change func(string) error
		want   string
	}{
		"read by all":  {chmod("keys/secret", 0o644), ""},
		"group writes": {chmod("keys/secret", 0o664), "chmod go-w"},
		"another's":    {chown("keys/secret"), "chown root"},
		"folder open":  {chmod("keys", 0o777), "chmod o-w"},
	} {
		t.Run(name, func(t *testing.T) {
			file, _ := mustLay(t, test.change)
			check(t, guarded.File(file), test.want)
		})
	}
}

func TestFolder(t *testing.T) {
	for name, test := range map[string]struct {
		change func(string) error
		want   string
	}{
		"good":                      {nil, ""},
		"read by all":               {chmod("trust/root/a.cer", 0o644), ""},
		"itself":                    {chmod("trust", 0o775), "chmod -R go-w"},
		"folder within":             {chmod("trust/root", 0o757), "chmod -R go-w"},
		"sticky folder within":      {chmod("trust/root", 0o777|fs.ModeSticky), "chmod -R go-w"}, // others may add anchors
		"file":                      {chmod("trust/root/a.cer", 0o646), "chmod -R go-w"},
		"another's file":            {chown("trust/root/a.cer"), "chown -R root"},
		"open above":                {chmod(".", 0o777), "chmod o-w"},
		"file behind a link":        {link("trust/root/a.cer", "open/a.cer", 0o777), "chmod o-w"},
		"folder behind a link":      {link("trust/root", "open/root", 0o777), "chmod o-w"},
		"folder behind a good link": {link("trust/root", "safe/root", 0o755), ""},
		"link that leads nowhere":   {func(root string) error { return os.Symlink("nowhere", filepath.Join(root, "trust", "b.cer")) }, "no such file"},
		"links in a circle":         {func(root string) error { return os.Symlink("..", filepath.Join(root, "trust", "root", "c")) }, "circle"},
		"a file": {func(root string) error {
			return errors.Join(os.RemoveAll(filepath.Join(root, "trust")), os.WriteFile(filepath.Join(root, "trust"), nil, 0o600))
		}, "not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			_, folder := mustLay(t, test.change)
			check(t, guarded.Folder(folder), test.want)
		})
	}
}

// However many files are open to others, one line says so.
func TestFolder_Many(t *testing.T) {
	_, folder := mustLay(t, func(root string) error {
		for _, name := range []string{"b", "c", "d"} {
			path := filepath.Join(root, "trust", "root", name)
			if err := errors.Join(os.WriteFile(path, nil, 0o666), os.Chmod(path, 0o666)); err != nil {
				return err
			}
		}
		return nil
	})
	err := guarded.Folder(folder)
	check(t, err, "trust/root/b and 2 more may be changed by others")
	if err != nil && strings.Count(err.Error(), "\n") != 0 {
		t.Errorf("got more than one line: %v", err)
	}
}
