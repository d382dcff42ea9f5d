package load_test

import (
	"errors"
	"testing"

	"balcao/cmd/bench/load"
)

func TestFault(t *testing.T) {
	if got, want := load.Fault("opening", "phone_taken", nil).Error(), "opening: phone_taken"; got != want {
		t.Errorf("an answer: got %q, want %q", got, want)
	}
	broken := errors.New("no connection")
	if got := load.Fault("opening", "", broken); !errors.Is(got, broken) || got.Error() != "opening: no connection" {
		t.Errorf("an error: got %q", got)
	}
}
