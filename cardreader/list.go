package cardreader

import (
	"context"
	"fmt"
	"time"
)

// List names the readers there are now, in PC/SC's order; none is no error. For programs that do one
// thing and end; those that stay use Watch. The error is ErrServiceGone when pcscd cannot be reached, ErrStuck when it
// does not answer within three seconds, or ctx's; Diagnose tells why.
func List(ctx context.Context) ([]string, error) {
	type answer struct {
		names []string
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		names, err := list()
		answered <- answer{names, err}
	}()
	late := time.NewTimer(answerTime)
	defer late.Stop()
	var a answer
	select {
	case a = <-answered:
	case <-late.C:
		a.err = ErrStuck
	case <-ctx.Done():
		a.err = ctx.Err()
	}
	if a.err != nil {
		return nil, fmt.Errorf("listing readers: %w", classify(a.err))
	}
	return a.names, nil
}

func list() ([]string, error) {
	pc, err := establish()
	if err != nil {
		return nil, err
	}
	defer func() { _ = pc.Release() }()
	return listReaders(pc)
}
