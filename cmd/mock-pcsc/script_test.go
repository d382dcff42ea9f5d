package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
)

const patience = 10 * time.Second // of a script; nothing takes that long

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mock-pcsc": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			dir, err := os.MkdirTemp("", "bench") // short: a socket's path has at most 107 characters
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(dir) })
			env.Setenv(bench.Environment, filepath.Join(dir, "s"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"reader": startReader, "serve": serveCmd, "submit": submitCmd,
		},
	})
}

// startReader plays vpcd's first slot on the port it puts into $VPCD: it powers each card, asks for its
// ATR, and then keeps the connection.
func startReader(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("VPCD", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Write([]byte{0, 1, 1, 0, 1, 4, 0, 1, 4}) // power, the ATR, and a look for presence
		}
	}()
	ts.Defer(func() { l.Close(); <-ended })
}

// serveCmd runs a bench on free ports until the script ends, with the script's further flags. It returns
// when the bench is ready, and the script fails when the bench does not stop cleanly.
func serveCmd(ts *testscript.TestScript, _ bool, args []string) {
	program, err := exec.LookPath("mock-pcsc") // which testscript.Main put first in PATH
	ts.Check(err)
	args = append([]string{"serve", "--smpp", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0"}, args...)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), bench.Environment+"="+ts.Getenv(bench.Environment))
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "ready\n" {
		ts.Fatalf("the bench says %q, %v; want ready", line, err)
	}
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			ts.Logf("the bench did not stop cleanly: %v", err)
			panic(err) // Fatalf is over by now
		}
	})
}

// submitCmd sends a text message to a number through the bench's message centre.
func submitCmd(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: submit NUMBER TEXT")
	}
	ts.Check(ts.Exec("mock-pcsc", "status", "--json"))
	var status bench.Status
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &status))
	conn, err := net.Dial("tcp", status.SMPP)
	ts.Check(err)
	defer conn.Close()
	ts.Check(conn.SetDeadline(time.Now().Add(patience)))
	request := func(id uint32, body string) {
		frame := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
		frame = binary.BigEndian.AppendUint32(frame, id)
		frame = append(frame, 0, 0, 0, 0, 0, 0, 0, byte(id))
		_, err := conn.Write(append(frame, body...))
		ts.Check(err)
		var header [4]uint32
		ts.Check(binary.Read(conn, binary.BigEndian, &header))
		if header[2] != 0 {
			ts.Fatalf("request %d refused with status %#x", id, header[2])
		}
		_, err = io.CopyN(io.Discard, conn, int64(header[0])-16)
		ts.Check(err)
	}
	request(9, "balcao\x00balcao\x00\x00\x34\x00\x00\x00")
	request(4, "\x00\x05\x00CMD\x00\x01\x01"+args[0]+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+string([]byte{byte(len(args[1]))})+args[1])
}

// TestListJSON holds the keys that scripts read.
func TestListJSON(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"list", "--json"}, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var entries []map[string]any
	if err := json.Unmarshal(out.Bytes(), &entries); err != nil {
		t.Fatal(err)
	}
	good, bad, staff := 0, 0, 0
	for _, e := range entries {
		if e["kind"] == fixtures.KindStaff {
			staff++
		}
		for _, key := range []string{"name", "kind", "generation", "key", "pin", "refused_for", "level", "can", "title", "holder"} {
			if _, ok := e[key].(string); !ok {
				t.Errorf("%v has no %q", e["name"], key)
			}
		}
		if _, ok := e["mrz"].([]any); !ok {
			t.Errorf("%v has no array mrz", e["name"])
		}
		if e["refused_for"] == "" {
			good++
		} else {
			bad++
		}
	}
	if good == 0 || bad == 0 || staff == 0 {
		t.Errorf("%d good cards, %d bad ones and %d of staff, want some of each", good, bad, staff)
	}
}
