package main

/*
#include <stdio.h>
#include <string.h>
#include <windows.h>

// Runs before Go's runtime, which reads GODEBUG once.
static void __attribute__((constructor)) clobberFreed(void) {
	char set[1024] = "", both[1100];
	DWORD n = GetEnvironmentVariableA("GODEBUG", set, sizeof set);
	if (n >= sizeof set || strstr(set, "clobberfree=1")) return;
	snprintf(both, sizeof both, "%s%sclobberfree=1", set, n ? "," : "");
	SetEnvironmentVariableA("GODEBUG", both);
}
*/
import "C"

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// overwriteFreed finds clobber set, because that happens before Go's runtime starts (above).
func overwriteFreed() error {
	if !overwrites() {
		return errors.New("starting with " + clobber + ": GODEBUG is too long")
	}
	return nil
}

// The program's log, when it is started with a double click, and from which size it begins anew.
const (
	logFile = "kiosk.log"
	logFull = 16 << 20 // bytes
)

// unseen is set when what the program says stands in a file only.
var unseen bool

// openOutput finds programs that lie beside this one, and gives it a place for its log, because a program with windows
// has no console: what it was started with (kiosk.exe 2> FILE), or else the console of the command that started it, or
// else %LocalAppData%\Balcao\kiosk.log.
func openOutput() {
	if program, err := os.Executable(); err == nil {
		_ = os.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if kind, err := windows.GetFileType(windows.Handle(os.Stderr.Fd())); err == nil && kind != windows.FILE_TYPE_UNKNOWN {
		return
	}
	const parent = ^uintptr(0) // ATTACH_PARENT_PROCESS
	if done, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole").Call(parent); done != 0 {
		if console, err := os.OpenFile("CONOUT$", os.O_RDWR, 0); err == nil {
			writeTo(console)
			return
		}
	}
	unseen = true
	folder, err := windows.KnownFolderPath(windows.FOLDERID_LocalAppData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		return
	}
	path := filepath.Join(folder, "Balcao", logFile)
	if info, err := os.Stat(path); err == nil && info.Size() > logFull {
		_ = os.Rename(path, path+".old")
	}
	_ = os.MkdirAll(filepath.Dir(path), 0o700)
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		writeTo(file)
	}
}

// writeTo has a file take what the program writes, and what Go's runtime does when it ends the program.
func writeTo(file *os.File) {
	os.Stdout, os.Stderr = file, file
	_ = windows.SetStdHandle(windows.STD_ERROR_HANDLE, windows.Handle(file.Fd()))
}

// show says on the screen what standard error was told, where nobody reads that.
func show(err error) {
	if !unseen {
		return
	}
	text, _ := windows.UTF16PtrFromString(err.Error())
	title, _ := windows.UTF16PtrFromString("Balcão")
	_, _ = windows.MessageBox(0, text, title, windows.MB_ICONERROR)
}
