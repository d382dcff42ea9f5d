// Package version says what a program was built from.
package version

import (
	"flag"
	"fmt"
	"os"
	"path"
	"runtime/debug"
)

// commit is set by the Makefile (-ldflags -X), whose builds carry no stamp of version control.
var commit string

// Line is the name of the running program and the version of its module or its commit, as -version
// prints it; "unknown" when the build recorded neither.
func Line() string {
	version := commit
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if v := info.Main.Version; version == "" && v != "(devel)" {
		version = v
	}
	if version == "" {
		version = "unknown"
	}
	return path.Base(info.Path) + " " + version
}

// Flag adds -version to flags, which prints Line and ends the program.
func Flag(flags *flag.FlagSet) {
	flags.BoolFunc("version", "print the version", func(string) error {
		fmt.Println(Line())
		os.Exit(0)
		return nil
	})
}
