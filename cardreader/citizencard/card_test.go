package citizencard_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/citizencard"
	"balcao/cardreader/iso7816"
)

// readAll reads everything, in the order in which a desk does.
func readAll(ctx context.Context, card *citizencard.Card) (citizencard.Files, error) {
	f := citizencard.Files{Generation: card.Generation()}
	var err error
	if f.Identity, err = card.ReadIdentity(ctx); err != nil {
		return f, err
	}
	if f.SOD, err = card.ReadSOD(ctx); err != nil {
		return f, err
	}
	if f.Certificate, err = card.ReadCertificate(ctx); err != nil {
		return f, err
	}
	if f.Issuers, err = card.ReadIssuers(ctx); err != nil {
		return f, err
	}
	portrait, err := card.ReadPhoto(ctx, nil)
	f.Photo, f.MRZ, f.CardKey = portrait.Photo, portrait.MRZ, portrait.CardKey
	return f, err
}

func TestRead(t *testing.T) {
	read := func(t *testing.T, fake *fakeCard, want citizencard.Files) {
		got, err := readAll(context.Background(), mustOpen(t, fake))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
	t.Run("OK", func(t *testing.T) { eachGeneration(t, read) })
	// A card that knows no short identifiers and no SELECT without answer.
	t.Run("OtherCommands", func(t *testing.T) {
		eachGeneration(t, func(t *testing.T, fake *fakeCard, want citizencard.Files) {
			fake.sfi, fake.forceFCI = nil, true
			read(t, fake, want)
		})
	})
}

// TestRead_AnyOrder: each step works alone, on a card just opened.
func TestRead_AnyOrder(t *testing.T) {
	ctx := context.Background()
	eachGeneration(t, func(t *testing.T, fake *fakeCard, want citizencard.Files) {
		steps := map[string]func(card *citizencard.Card) (got, want any, err error){
			"Certificate": func(card *citizencard.Card) (any, any, error) {
				got, err := card.ReadCertificate(ctx)
				return got, want.Certificate, err
			},
			"SOD": func(card *citizencard.Card) (any, any, error) {
				got, err := card.ReadSOD(ctx)
				return got, want.SOD, err
			},
			"Photo": func(card *citizencard.Card) (any, any, error) {
				got, err := card.ReadPhoto(ctx, nil)
				return got.Photo, want.Photo, err
			},
			"Serial": func(card *citizencard.Card) (any, any, error) {
				got, err := card.Serial(ctx)
				return got, "0102030405060708", err
			},
			"PINTries": func(card *citizencard.Card) (any, any, error) {
				got, err := card.PINTries(ctx)
				return got, 3, err
			},
		}
		for name, step := range steps {
			got, want, err := step(mustOpen(t, fake))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v, (-want +got):\n%s", name, err, diff)
			}
		}
	})
}

// TestCost holds reading to its price: the bytes there are, not one more, and a known number of
// commands. Of 1282+2514+1854 bytes none can be spared; of the commands, the reads are ⌈n/256⌉ of each.
func TestCost(t *testing.T) {
	type cost struct{ Commands, Bytes int }
	ctx := context.Background()
	photo := len(biometricGroup(jp2(13030)))
	tests := map[string]struct{ identity, verified, photo cost }{
		citizencard.Generation1: {
			identity: cost{1 + 1 + 6, 1282},                              // application, file, reads
			verified: cost{10 + 1 + 8, 2514 + 1854},                      // SOD, file, certificate
			photo:    cost{1 + (90+131+photo+255)/256, 90 + 131 + photo}, // file, reads
		},
		citizencard.Generation2024: {
			identity: cost{2 + 1 + 3, len(taggedIdentity(nil))},
			verified: cost{10 + 1 + 1 + 8, 2514 + 1854}, // SOD, application, file, certificate
			photo:    cost{1 + 1 + (4+photo+255)/256, 4 + photo},
		},
	}
	eachGeneration(t, func(t *testing.T, fake *fakeCard, want citizencard.Files) {
		spent := func() cost {
			c := cost{len(fake.log), fake.received}
			fake.log, fake.received = nil, 0
			return c
		}
		expected := tests[want.Generation]
		card := mustOpen(t, fake)
		mustNot(t)(card.ReadIdentity(ctx))
		if got := spent(); got != expected.identity {
			t.Errorf("identity: got %+v, want %+v", got, expected.identity)
		}
		mustNot(t)(card.ReadSOD(ctx))
		mustNot(t)(card.ReadCertificate(ctx))
		if got := spent(); got != expected.verified {
			t.Errorf("SOD and certificate: got %+v, want %+v", got, expected.verified)
		}
		portrait, err := card.ReadPhoto(ctx, nil)
		mustNot(t)(portrait.Photo, err)
		if got := spent(); got != expected.photo {
			t.Errorf("photograph: got %+v, want %+v", got, expected.photo)
		}
	})
}

// mustNot fails the test on an error.
func mustNot(t *testing.T) func([]byte, error) {
	return func(_ []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadPhoto_Progress(t *testing.T) {
	eachGeneration(t, func(t *testing.T, fake *fakeCard, _ citizencard.Files) {
		last, end := 0, 0
		_, err := mustOpen(t, fake).ReadPhoto(context.Background(), func(done, total int) {
			if done < last || done > total || end != 0 && total != end {
				t.Errorf("progress %d of %d after %d of %d", done, total, last, end)
			}
			last, end = done, total
		})
		if err != nil || last == 0 || last != end {
			t.Errorf("ended at %d of %d, %v", last, end, err)
		}
	})
}

func TestReadPhoto_None(t *testing.T) {
	eachGeneration(t, func(t *testing.T, fake *fakeCard, _ citizencard.Files) {
		delete(fake.apps[aidData], "\x01\x02")
		if app := fake.apps[aidFirst]; app != nil {
			clear(app["\x5F\x00\xEF\x02"][1503:])
		}
		got, err := mustOpen(t, fake).ReadPhoto(context.Background(), nil)
		if err != nil || got.Photo != nil {
			t.Errorf("got %d bytes, %v", len(got.Photo), err)
		}
	})
}

func TestReadIssuers_None(t *testing.T) {
	fake, _ := generation2024()
	delete(fake.apps[aidEID], "\x5F\x00\xEF\x06")
	clear(fake.apps[aidEID]["\x5F\x00\xEF\x0A"])
	got, err := mustOpen(t, fake).ReadIssuers(context.Background())
	if err != nil || len(got) != 0 {
		t.Errorf("got %d certificates, %v", len(got), err)
	}
}

// TestRead_ErrMalformed: lengths that cannot be are refused before anything is read by them.
func TestRead_ErrMalformed(t *testing.T) {
	absurd := []byte{0x84, 0x7F, 0xFF, 0xFF, 0xFF}
	damage := map[string]func(file []byte) []byte{
		"AbsurdLength": func(file []byte) []byte { return append(append([]byte{file[0]}, absurd...), file[1:]...) },
		"LongLength":   func(file []byte) []byte { return append([]byte{file[0], 0x82, 0x7F, 0xFF}, file[4:]...) },
		"Indefinite":   func(file []byte) []byte { return append([]byte{file[0], 0x80}, file[2:]...) },
		"OtherTag":     func(file []byte) []byte { return append([]byte{0x04}, file[1:]...) },
		"CutOff":       func(file []byte) []byte { return file[:300] },
		"Zeros":        func(file []byte) []byte { return make([]byte, len(file)) },
	}
	files := map[string]map[string]string{
		citizencard.Generation1:    {"SOD": "\x5F\x00\xEF\x06", "Certificate": "\x5F\x00\xEF\x09"},
		citizencard.Generation2024: {"Identity": "\x01\x0D", "SOD": "\x01\x1D", "Certificate": "\x5F\x00\xEF\x02"},
	}
	for how, change := range damage {
		eachGeneration(t, func(t *testing.T, _ *fakeCard, want citizencard.Files) {
			for name, path := range files[want.Generation] {
				fake, _ := firstGeneration()
				if want.Generation == citizencard.Generation2024 {
					fake, _ = generation2024()
				}
				for _, app := range fake.apps {
					if file, there := app[path]; there {
						app[path] = change(file)
					}
				}
				_, err := readAll(context.Background(), mustOpen(t, fake))
				if !errors.Is(err, citizencard.ErrMalformed) {
					t.Errorf("%s %s: got %v, want ErrMalformed", how, name, err)
				}
				if fake.received > 8<<10 {
					t.Errorf("%s %s: %d bytes read", how, name, fake.received)
				}
			}
		})
	}
}

// TestRead_Empty: a file of which nothing comes is not damaged. There is the status word alone, and that is the error.
func TestRead_Empty(t *testing.T) {
	for generation, paths := range map[string][]string{
		citizencard.Generation1:    {"\x5F\x00\xEF\x02", "\x5F\x00\xEF\x06", "\x5F\x00\xEF\x09"},
		citizencard.Generation2024: {"\x01\x0D", "\x01\x1D", "\x5F\x00\xEF\x02"},
	} {
		for _, path := range paths {
			fake, _ := firstGeneration()
			if generation == citizencard.Generation2024 {
				fake, _ = generation2024()
			}
			for _, app := range fake.apps {
				if _, there := app[path]; there {
					app[path] = nil
				}
			}
			_, err := readAll(context.Background(), mustOpen(t, fake))
			var status *iso7816.StatusError
			if !errors.As(err, &status) || errors.Is(err, citizencard.ErrMalformed) {
				t.Errorf("generation %s, %X: got %v, want the status alone", generation, path, err)
			}
		}
	}
}

func TestRead_ErrMalformed_FirstIdentity(t *testing.T) {
	for _, size := range []int{1, 400, 1281} {
		fake, _ := firstGeneration()
		app := fake.apps[aidFirst]
		app["\x5F\x00\xEF\x02"] = app["\x5F\x00\xEF\x02"][:size]
		if _, err := mustOpen(t, fake).ReadIdentity(context.Background()); !errors.Is(err, citizencard.ErrMalformed) {
			t.Errorf("%d bytes: got %v, want ErrMalformed", size, err)
		}
	}
}

func TestReadPhoto_ErrMalformed(t *testing.T) {
	const photoAt = 1503
	change := map[string]func(file []byte) []byte{
		"AbsurdLength": func(file []byte) []byte { copy(file[photoAt+2:], "\x84\x7F\xFF\xFF\xFF"); return file },
		"BeyondOffset": func(file []byte) []byte { copy(file[photoAt+2:], "\x82\x7F\xFF"); return file },
		"OtherTag":     func(file []byte) []byte { file[photoAt+1] = 0x60; return file },
		"NoKey":        func(file []byte) []byte { return file[:1400] },
	}
	for name, damage := range change {
		fake, _ := firstGeneration()
		app := fake.apps[aidFirst]
		app["\x5F\x00\xEF\x02"] = damage(app["\x5F\x00\xEF\x02"])
		_, err := mustOpen(t, fake).ReadPhoto(context.Background(), nil)
		if !errors.Is(err, citizencard.ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
}

// TestReadPhoto_CountsPadding: a template longer than its file is a photograph all the same.
func TestReadPhoto_CountsPadding(t *testing.T) {
	fake, want := firstGeneration()
	file := fake.apps[aidFirst]["\x5F\x00\xEF\x02"]
	copy(file[1503+2:], "\x82\x40\x00")
	copy(want.Photo[2:], "\x82\x40\x00")
	got, err := mustOpen(t, fake).ReadPhoto(context.Background(), nil)
	if diff := cmp.Diff(want.Photo, got.Photo); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// TestRead_Pulled: wherever the card goes, the error says so and nothing is made up.
func TestRead_Pulled(t *testing.T) {
	eachGeneration(t, func(t *testing.T, fake *fakeCard, want citizencard.Files) {
		if _, err := readAll(context.Background(), mustOpen(t, fake)); err != nil {
			t.Fatal(err)
		}
		for at := 1; at <= len(fake.log); at++ {
			again, _ := firstGeneration()
			if want.Generation == citizencard.Generation2024 {
				again, _ = generation2024()
			}
			again.failAt = at
			card, err := citizencard.Open(context.Background(), again)
			if err == nil {
				_, err = readAll(context.Background(), card)
			}
			if !errors.Is(err, errPulled) || errors.Is(err, citizencard.ErrMalformed) {
				t.Fatalf("pulled at command %d: got %v", at, err)
			}
		}
	})
}

func TestOpen_ErrUnknownCard(t *testing.T) {
	fake := &fakeCard{apps: map[string]map[string][]byte{"\xA0\x00\x00\x00\x03\x10\x10": {}}}
	if _, err := citizencard.Open(context.Background(), fake); !errors.Is(err, citizencard.ErrUnknownCard) {
		t.Errorf("got %v, want ErrUnknownCard", err)
	}
}

// TestOpen_Locked: an application behind PACE is recognised, and says what is missing when it is read.
func TestOpen_Locked(t *testing.T) {
	locked := transmitFunc(func(command []byte) []byte {
		if strings.Contains(string(command), aidData) {
			return []byte{0x69, 0x82}
		}
		return []byte{0x6A, 0x82}
	})
	card, err := citizencard.Open(context.Background(), locked)
	if err != nil || card.Generation() != citizencard.Generation2024 {
		t.Fatalf("got %v", err)
	}
	if _, err := card.ReadIdentity(context.Background()); !errors.Is(err, iso7816.ErrSecurityStatus) {
		t.Errorf("got %v, want ErrSecurityStatus", err)
	}
}

type transmitFunc func(command []byte) []byte

func (f transmitFunc) Transmit(_ context.Context, command []byte) ([]byte, error) {
	return f(command), nil
}
