package cardreader_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// There is one pcscd on a machine, and its socket is in one place. The tests start and kill their own, so
// they run in a mount namespace where /run is theirs: the test binary starts itself again inside.
const insideEnv = "CARDREADER_TEST_INSIDE"

func TestMain(m *testing.M) {
	switch os.Getenv(insideEnv) {
	case "":
		os.Exit(runInside())
	case "fresh":
		if err := ownRun(); err != nil {
			fmt.Fprintln(os.Stderr, "preparing the namespace:", err)
			os.Exit(2)
		}
	}
	goleak.VerifyTestMain(m)
}

// runInside takes root's own right to make the namespace, or a user namespace where that is the way.
func runInside() int {
	runtime.LockOSThread() // the thread whose end is the signal
	id := os.Getuid()
	ways := []*syscall.SysProcAttr{
		{Cloneflags: syscall.CLONE_NEWNS},
		{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		},
	}
	var err error
	for _, way := range ways {
		cmd := exec.Command(os.Args[0], os.Args[1:]...)
		cmd.Env = append(os.Environ(), insideEnv+"=fresh")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		way.Pdeathsig = syscall.SIGKILL
		cmd.SysProcAttr = way
		if err = cmd.Start(); err != nil {
			continue
		}
		if err = cmd.Wait(); err == nil {
			return 0
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return max(exit.ExitCode(), 1)
		}
	}
	fmt.Fprintln(os.Stderr, "no mount namespace for the tests:", err)
	return 2
}

func ownRun() error {
	if err := os.Setenv(insideEnv, "yes"); err != nil {
		return err
	}
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keeping mounts private: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	return nil
}
