package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// remembers reports how often the bytes stand in the program's writable memory, as root or the
// program's own user may read it.
func (p *program) remembers(t testing.TB, secret string) (times int) {
	t.Helper()
	pid := p.Cmd.Process.Pid
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatalf("reading %s's memory map: %v", p.Name, err)
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatalf("reading %s's memory: %v", p.Name, err)
	}
	defer mem.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		fields := strings.Fields(lines.Text())
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); err != nil || !strings.HasPrefix(fields[1], "rw") {
			continue
		}
		region := make([]byte, to-from)
		n, _ := mem.ReadAt(region, from) // some regions are devices' and cannot be read
		times += bytes.Count(region[:n], []byte(secret))
	}
	return times
}
