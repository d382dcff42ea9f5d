// Slowest stands behind `go test -json`. It prints what `go test` prints, a line for each test that
// took more than a second, and in the end the slowest ones.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// event is a line of `go test -json` (go doc test2json). Elapsed is in seconds.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type test struct{ pkg, name string }

func main() {
	output := map[test]string{}    // of tests that still run
	parallel := map[test]float64{} // what the subtests took, for which a test's own time does not count
	var ended []event
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		t := test{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Print(e.Output)
		case "output":
			if e.Test != "" {
				output[t] += e.Output
			} else if e.Output != "PASS\n" {
				fmt.Print(e.Output)
			}
		case "pass", "fail", "skip":
			if e.Action == "fail" {
				fmt.Print(output[t])
			}
			delete(output, t)
			parent, sub, is := strings.Cut(e.Test, "/")
			if is && !strings.Contains(sub, "/") {
				parallel[test{e.Package, parent}] += e.Elapsed
			}
			if is || e.Test == "" {
				continue
			}
			e.Elapsed = max(e.Elapsed, parallel[t])
			ended = append(ended, e)
			if e.Elapsed > 1 {
				fmt.Printf("%6.1f s  %s %s %s\n", e.Elapsed, e.Action, e.Package, e.Test)
			}
		}
	}
	for _, text := range output { // of tests that a panic or the time limit ended
		fmt.Print(text)
	}
	slices.SortFunc(ended, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	fmt.Println("The slowest tests:")
	for _, e := range ended[:min(10, len(ended))] {
		fmt.Printf("%6.1f s  %s %s\n", e.Elapsed, e.Package, e.Test)
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "slowest:", err)
		os.Exit(1)
	}
}
