package photo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// decompress runs opj_decompress.exe on files in a private folder, which Windows keeps in memory while there is some
// (FILE_ATTRIBUTE_TEMPORARY), and which are overwritten and deleted afterwards.
func decompress(ctx context.Context, raw []byte, ext string) ([]byte, error) {
	decoder, err := exec.LookPath("opj_decompress.exe")
	if err != nil {
		return nil, fmt.Errorf("starting the JPEG 2000 decoder: %w", err)
	}
	dir, err := os.MkdirTemp("", "balcao-photo")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the decoder: %w", err)
	}
	from, to := filepath.Join(dir, "in"+ext), filepath.Join(dir, "out.png")
	defer func() {
		wipe(from)
		wipe(to)
		_ = os.RemoveAll(dir)
	}()
	if err := temporary(from, raw); err != nil {
		return nil, fmt.Errorf("handing the photograph to its decoder: %w", err)
	}
	cmd := exec.CommandContext(ctx, decoder, "-i", from, "-o", to)
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the JPEG 2000 decoder: %w", err)
	}
	lift, err := limit(cmd.Process.Pid)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("limiting the JPEG 2000 decoder: %w", err)
	}
	err = cmd.Wait()
	lift()
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // broken off, which says nothing about the photograph
		return nil, fmt.Errorf("decoding the photograph: %w", ctx.Err())
	case err != nil:
		return nil, ErrDamaged
	}
	info, err := os.Stat(to)
	if err != nil || info.Size() == 0 || info.Size() > maxPNG {
		return nil, ErrDamaged
	}
	data, err := os.ReadFile(to)
	if err != nil {
		clear(data)
		return nil, ErrDamaged
	}
	return data, nil
}

// limit puts a process into a job with as much memory and processor time as a portrait needs, in which it can start no
// other. Whatever still runs in it when lift is called is ended.
func limit(pid int) (lift func(), err error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	var most windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	most.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY | windows.JOB_OBJECT_LIMIT_PROCESS_TIME |
		windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS | windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	most.BasicLimitInformation.ActiveProcessLimit = 1
	most.BasicLimitInformation.PerProcessUserTimeLimit = cpuMax * 1e7 // of 100 ns
	most.ProcessMemoryLimit = addressMax
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&most)), uint32(unsafe.Sizeof(most))) //nolint:gosec // as the call wants it
	var process windows.Handle
	if err == nil {
		process, err = windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid)) //nolint:gosec // a process id
	}
	if err == nil {
		err = windows.AssignProcessToJobObject(job, process)
		_ = windows.CloseHandle(process)
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	return func() { _ = windows.CloseHandle(job) }, nil
}

// temporary writes a file that is not meant to reach the disk.
func temporary(path string, data []byte) error {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, nil, windows.CREATE_NEW,
		windows.FILE_ATTRIBUTE_TEMPORARY|windows.FILE_ATTRIBUTE_NOT_CONTENT_INDEXED, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(h), path)
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// wipe overwrites a file that may not be there.
func wipe(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // ours
	if err != nil {
		return
	}
	if info, err := f.Stat(); err == nil {
		_, _ = io.CopyN(f, zeros{}, info.Size())
	}
	_ = f.Close()
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
