package load

import (
	"errors"
	"fmt"
)

// Fault is the error of an act at which the centre, or a card, gave no answer or another answer than the good one: err, or
// else the answer in its own word.
func Fault[answer ~string](act string, a answer, err error) error {
	if err == nil {
		err = errors.New(string(a))
	}
	return fmt.Errorf("%s: %w", act, err)
}
