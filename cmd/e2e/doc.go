// Package e2e proves the whole path on real parts: pcscd with emulated cards behind vpcd, PostgreSQL,
// SMTP and SMPP, and the desk's windows under Xvfb with a window manager, worked by keyboard.
//
// It has only tests. They start `demo --headless` from the folder BALCAO_BIN (make test
// builds it), leave a picture of each screen in BALCAO_SCREENS, and wait for what the desk logs of its
// state: nothing sleeps.
package e2e
