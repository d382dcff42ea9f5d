package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// StartScreen starts Xvfb on a free display, wide enough for both windows of a desk, and openbox in it: without a window
// manager X gives no window the focus. Stop returns when both have ended. With a folder, what is shown is always in its file
// Xvfb_screen0, in the format of xwd(1).
func StartScreen(folder string) (display string, stop func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return "", nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	defer func() { _ = read.Close() }()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "2360x860x24", "-nolisten", "tcp")
	if folder != "" {
		cmd.Args = append(cmd.Args, "-fbdir", folder)
	}
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		return "", nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	stopX := func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	var number int
	if _, err := fmt.Fscan(read, &number); err != nil {
		stopX()
		return "", nil, fmt.Errorf("starting Xvfb: no display named: %w", err)
	}
	display = fmt.Sprintf(":%d", number)
	manager, err := Start([]string{"DISPLAY=" + display}, "openbox", "--sm-disable")
	if err != nil {
		stopX()
		return "", nil, err
	}
	return display, func() { _ = manager.Stop(5 * time.Second); stopX() }, nil
}
