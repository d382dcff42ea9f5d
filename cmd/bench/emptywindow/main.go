// Emptywindow opens a window with nothing in it, the size of the clerk's, and prints "drawn" where the
// desk logs its first state. It is what the bench compares the desk with: the part of start-up
// time, processor and memory that is the toolkit's.
package main

import (
	"flag"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"balcao/cmd/internal/version"
)

func main() {
	version.Flag(flag.CommandLine)
	flag.Parse()
	a := app.NewWithID("pt.balcao.emptywindow")
	w := a.NewWindow("Empty")
	w.Resize(fyne.NewSize(1280, 800))
	w.SetMaster()
	a.Lifecycle().SetOnStarted(func() {
		go fyne.Do(func() { fmt.Println("drawn") })
	})
	w.ShowAndRun()
}
