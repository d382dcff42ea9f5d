package photo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// decompress runs opj_decompress on anonymous memory. The program insists on file names with an
// extension, so a private folder holds two links to the descriptors it inherits; no byte of the
// photograph is in that folder.
func decompress(ctx context.Context, raw []byte, ext string) ([]byte, error) {
	decoder, err := exec.LookPath("opj_decompress") // prlimit would only say that it failed
	if err != nil {
		return nil, fmt.Errorf("starting the JPEG 2000 decoder: %w", err)
	}
	in, err := memory("photo", raw)
	if err != nil {
		return nil, err
	}
	defer wipeAndClose(in)
	out, err := memory("picture", nil)
	if err != nil {
		return nil, err
	}
	defer wipeAndClose(out)
	dir, err := os.MkdirTemp("", "balcao-photo")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the decoder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // two symbolic links: the picture is in memory only
	from, to := filepath.Join(dir, "in"+ext), filepath.Join(dir, "out.png")
	if err := errors.Join(os.Symlink("/proc/self/fd/3", from), os.Symlink("/proc/self/fd/4", to)); err != nil {
		return nil, fmt.Errorf("linking for the decoder: %w", err)
	}
	cmd := exec.CommandContext(ctx, "prlimit", fmt.Sprintf("--as=%d", addressMax), fmt.Sprintf("--cpu=%d", cpuMax),
		fmt.Sprintf("--fsize=%d", maxPNG), "--core=0", decoder, "-i", from, "-o", to)
	cmd.ExtraFiles = []*os.File{in, out}
	if err := cmd.Run(); err != nil {
		var missing *exec.Error
		switch {
		case errors.As(err, &missing):
			return nil, fmt.Errorf("starting the JPEG 2000 decoder: %w", err)
		case errors.Is(ctx.Err(), context.Canceled): // broken off, which says nothing about the photograph
			return nil, fmt.Errorf("decoding the photograph: %w", ctx.Err())
		}
		return nil, ErrDamaged
	}
	return contents(out)
}

func memory(name string, data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("reserving memory for the photograph: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if len(data) == 0 {
		return f, nil
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("handing the photograph to its decoder: %w", err), f.Close())
	}
	return f, nil
}

func contents(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 || info.Size() > maxPNG {
		return nil, ErrDamaged
	}
	data := make([]byte, info.Size())
	if _, err := f.ReadAt(data, 0); err != nil {
		return nil, ErrDamaged
	}
	return data, nil
}

// wipeAndClose overwrites the pages before the kernel gets them back.
func wipeAndClose(f *os.File) {
	if info, err := f.Stat(); err == nil {
		_, _ = f.WriteAt(make([]byte, info.Size()), 0)
	}
	_ = f.Close()
}
