package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// openOutput has nothing to do: whoever starts the program says where its log goes.
func openOutput() {}

// show says on the screen what standard error was told, where nobody reads that; on Linux whoever starts the program does.
func show(error) {}

// overwriteFreed starts the program anew with clobber, which is read once, before main. It returns when that is set.
func overwriteFreed() error {
	if overwrites() {
		return nil
	}
	program, err := os.Executable()
	if err == nil {
		err = os.Setenv("GODEBUG", strings.TrimPrefix(os.Getenv("GODEBUG")+","+clobber, ","))
	}
	if err == nil {
		err = syscall.Exec(program, os.Args, os.Environ())
	}
	return fmt.Errorf("starting with %s: %w", clobber, err)
}
