package ui_test

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/theme"
)

// understand is a reader of zones that knows passports only: enough to answer what is typed.
func understand(text string) kiosk.MRZEntry {
	run := strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(text)
	if run == "" {
		return kiosk.MRZEntry{Text: text}
	}
	lines := run
	if len(run) > 44 {
		lines = run[:44] + "\n" + run[44:]
	}
	entry := passportMRZ(lines)
	entry.Text = text
	entry.Valid = lines == specimenTD3
	return entry
}

// typingDesk answers what is typed when it is told to, as the session does between two keys or much later.
type typingDesk struct {
	*desk
	state     kiosk.State
	continued int
}

func newTypingDesk(t *testing.T, state kiosk.State) *typingDesk {
	t.Helper()
	d := &typingDesk{desk: newDesk(t, ui.Options{}), state: state}
	d.Show(state)
	return d
}

// answer takes everything that was sent, in order, and shows the states that follow: all of them, or only
// the last.
func (d *typingDesk) answer(all bool) {
	for _, e := range d.sent() {
		access := &d.state.Document.Access
		switch e := e.(type) {
		case kiosk.Continue:
			d.continued++
		case kiosk.AccessTyped:
			access.Kind = e.Kind
			if e.Kind == kiosk.AccessCAN {
				access.CAN = e.Text
			} else {
				access.MRZ = understand(e.Text)
			}
		}
		if all {
			d.Show(d.state)
		}
	}
	d.Show(d.state)
}

// slowly types as people do.
func (d *typingDesk) slowly(text string, keys ...fyne.KeyName) {
	for _, r := range text {
		d.now = d.now.Add(200 * time.Millisecond)
		write(d.Clerk(), string(r))
		d.answer(true)
	}
	press(d.Clerk(), keys...)
	d.answer(true)
}

func (d *typingDesk) swipe(zone string) {
	burst(d.desk, d.Clerk(), zone+"\n", 8*time.Millisecond)
	d.settle()
}

func TestAccessKeys(t *testing.T) {
	pt := kiosk.Portuguese
	typed := func(kind kiosk.AccessKind, text string) []kiosk.Event {
		return []kiosk.Event{kiosk.AccessTyped{Kind: kind, Text: text}}
	}
	for _, test := range []struct {
		name  string
		state kiosk.State
		key   fyne.KeyName
		want  []kiosk.Event
	}{
		{"Continue", whole(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"ContinueNumpad", whole(pt), fyne.KeyEnter, []kiosk.Event{kiosk.Continue{}}},
		{"SixDigitsAreANumber", typedMRZ(kiosk.MRZEntry{Text: "683105", Inspection: mrz.Inspection{Lines: []string{"683105"}}})(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"NotWithFive", typedMRZ(kiosk.MRZEntry{Text: "68310", Inspection: mrz.Inspection{Lines: []string{"68310"}}})(pt), fyne.KeyReturn, typed(kiosk.AccessMRZ, "68310\n")},
		{"NotWhileWrong", slipped(pt), fyne.KeyReturn, nil},
		{"NotWithoutDocument", lifted(pt), fyne.KeyReturn, nil},
		{"NotWhileOpening", opening(pt), fyne.KeyReturn, nil},
		{"Correction", slipped(pt), fyne.KeyF7, typed(kiosk.AccessMRZ, specimenTD3)},
		{"NoCorrection", slipped(pt), fyne.KeyF11, nil},
		{"TwinOnceRefused", doubtful(pt, 1), fyne.KeyF7, typed(kiosk.AccessMRZ, "with a twin")},
		{"NoTwinBefore", doubtful(pt, 0), fyne.KeyF7, nil},
		{"UseCAN", whole(pt), fyne.KeyF5, typed(kiosk.AccessCAN, "")},
		{"UseMRZ", permitCAN(pt), fyne.KeyF5, typed(kiosk.AccessMRZ, specimenTD1)},
		{"Erase", whole(pt), fyne.KeyF4, typed(kiosk.AccessMRZ, "")},
		{"NothingToErase", locked(pt), fyne.KeyF4, nil},
		{"NoChip", locked(pt), fyne.KeyF6, []kiosk.Event{kiosk.NoChip{}}},
		{"NoChipTwice", noChip(pt), fyne.KeyF6, nil},
		{"NoChipWhenIdle", typedDesk(pt), fyne.KeyF6, []kiosk.Event{kiosk.NoChip{}}},
		{"NoChipRefusedHere", idle(pt), fyne.KeyF6, nil},
		{"AgainWhileOpening", opening(pt), fyne.KeyF4, []kiosk.Event{kiosk.AccessAgain{}}},
		{"AgainWhileReading", readingPassport(pt), fyne.KeyF4, []kiosk.Event{kiosk.AccessAgain{}}},
		{"AgainFromIdentity", passport(pt), fyne.KeyF4, []kiosk.Event{kiosk.AccessAgain{}}},
		{"AgainFromTyped", typedIdentity(pt), fyne.KeyF4, []kiosk.Event{kiosk.AccessAgain{}}},
		{"AgainOnlyWhereTyped", identity(pt), fyne.KeyF4, nil},
		{"ShortNumber", permitCAN(pt), fyne.KeyReturn, nil},
		{"Number", canRefused(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"DeleteDigit", permitCAN(pt), fyne.KeyBackspace, typed(kiosk.AccessCAN, "314")},
		{"Cancel", whole(pt), fyne.KeyEscape, []kiosk.Event{kiosk.Cancel{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state)
			press(d.Clerk(), test.key)
			if diff := cmp.Diff(test.want, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMRZField(t *testing.T) {
	pt := kiosk.Portuguese
	t.Run("TypedByHand", func(t *testing.T) {
		d := newTypingDesk(t, locked(pt))
		d.slowly("p utoeriksson  anna maria", fyne.KeyReturn) // fillers by the space bar, the line ended early
		d.slowly("", fyne.KeyReturn)
		if got, _, _ := d.AccessText(); got != "P<UTOERIKSSON<<ANNA<MARIA\n" || d.continued != 0 {
			t.Errorf("%q, continued %d times", got, d.continued)
		}
	})
	t.Run("EnterContinuesWhenComplete", func(t *testing.T) {
		d := newTypingDesk(t, locked(pt))
		d.slowly(strings.ReplaceAll(specimenTD3, "\n", ""))
		if got, _, _ := d.AccessText(); got != specimenTD3 {
			t.Fatalf("%q, want the zone in its lines", got)
		}
		d.slowly("", fyne.KeyReturn)
		if d.continued != 1 {
			t.Errorf("continued %d times, want once", d.continued)
		}
	})
	t.Run("SwipedBeforeAnyAnswer", func(t *testing.T) {
		d := newTypingDesk(t, locked(pt))
		d.swipe(specimenTD3)
		if d.answer(false); d.continued != 0 {
			t.Fatal("continued before the session had understood the zone")
		}
		if d.answer(false); d.continued != 1 {
			t.Errorf("continued %d times, want once", d.continued)
		}
	})
	t.Run("SwipedAgain", func(t *testing.T) {
		for name, state := range map[string]kiosk.State{"OverAWrongOne": slipped(pt), "OverARefusedOne": chipRefused(pt)} {
			t.Run(name, func(t *testing.T) {
				d := newTypingDesk(t, state)
				other := strings.Replace(specimenTD3, "ANNA", "INGA", 1)
				d.now = d.now.Add(time.Second)
				d.swipe(other)
				if got, _, _ := d.AccessText(); got != other+"\n" {
					t.Errorf("%q, want what was swiped last", got)
				}
			})
		}
	})
	t.Run("ReaderPausesBetweenLines", func(t *testing.T) {
		d := newTypingDesk(t, locked(pt))
		first, second, _ := strings.Cut(specimenTD3, "\n")
		d.swipe(first)
		d.now = d.now.Add(time.Second)
		d.swipe(second)
		if got, _, _ := d.AccessText(); got != specimenTD3+"\n" {
			t.Errorf("%q, want both lines", got)
		}
	})
	t.Run("Pasted", func(t *testing.T) {
		for name, text := range map[string]string{
			"Lines": specimenTD3, "CarriageReturns": strings.ReplaceAll(specimenTD3, "\n", "\r\n"), "OneRun": strings.ReplaceAll(specimenTD3, "\n", ""),
		} {
			t.Run(name, func(t *testing.T) {
				d := newTypingDesk(t, locked(pt))
				clipboard := test.NewClipboard()
				clipboard.SetContent(text)
				d.Clerk().Canvas().Focused().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipboard})
				d.settle()
				d.answer(true)
				if got, _, _ := d.AccessText(); got != specimenTD3 {
					t.Errorf("%q, want the zone", got)
				}
			})
		}
	})
	t.Run("NothingIsCopied", func(t *testing.T) {
		d := newTypingDesk(t, whole(pt))
		clipboard := test.NewClipboard()
		d.Clerk().Canvas().Focused().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutCopy{Clipboard: clipboard})
		if got := clipboard.Content(); got != "" {
			t.Errorf("copied %q", got)
		}
	})
	t.Run("TypedOver", func(t *testing.T) {
		d := newTypingDesk(t, slipped(pt))
		press(d.Clerk(), fyne.KeyHome, fyne.KeyRight, fyne.KeyRight, fyne.KeyRight, fyne.KeyRight, fyne.KeyRight)
		d.slowly("0")
		if got, _, _ := d.AccessText(); got != specimenTD3 {
			t.Errorf("%q, want the zone with one character changed", got)
		}
	})
	t.Run("EnterLeadsToWhatIsWrong", func(t *testing.T) {
		d := newTypingDesk(t, slipped(pt))
		press(d.Clerk(), fyne.KeyReturn)
		if _, cursor, _ := d.AccessText(); cursor != 45 {
			t.Errorf("the cursor is at %d, want 45, where the second line begins", cursor)
		}
	})
	t.Run("RefusalLeadsToTheNumber", func(t *testing.T) {
		d := newTypingDesk(t, whole(pt))
		d.Show(chipRefused(pt))
		if text, cursor, _ := d.AccessText(); text != specimenTD3 || cursor != 45 {
			t.Errorf("%q with the cursor at %d, want what was typed and 45", text, cursor)
		}
	})
	t.Run("DeletesAcrossLines", func(t *testing.T) {
		d := newTypingDesk(t, whole(pt))
		press(d.Clerk(), fyne.KeyHome, fyne.KeyBackspace)
		if got, _, _ := d.AccessText(); got != strings.Replace(specimenTD3, "<\n", "\n", 1) {
			t.Errorf("%q, want the first line without its last character", got)
		}
	})
	t.Run("OlderAnswersArePassedOver", func(t *testing.T) {
		d := newTypingDesk(t, locked(pt))
		write(d.Clerk(), "P<U")
		older := locked(pt)
		older.Document.Access.MRZ = understand("P")
		d.Show(older)
		if got, _, _ := d.AccessText(); got != "P<U" {
			t.Errorf("%q, want what was typed since", got)
		}
	})
	t.Run("WithTheFocusOnAButton", func(t *testing.T) {
		d := newTypingDesk(t, locked(pt))
		d.Clerk().Canvas().FocusNext()
		write(d.Clerk(), "P<UTO")
		if got, _, _ := d.AccessText(); got != "P<UTO" {
			t.Errorf("%q, want what was typed", got)
		}
	})
	t.Run("CorrectionStands", func(t *testing.T) {
		d := newTypingDesk(t, slipped(pt))
		d.slowly("", fyne.KeyF7)
		d.slowly("", fyne.KeyReturn)
		if got, _, _ := d.AccessText(); got != specimenTD3 || d.continued != 1 {
			t.Errorf("%q, continued %d times", got, d.continued)
		}
	})
	t.Run("NumberThenEnterAtOnce", func(t *testing.T) {
		state := permitCAN(pt)
		state.Document.Access.CAN = ""
		d := newTypingDesk(t, state)
		write(d.Clerk(), "314159")
		press(d.Clerk(), fyne.KeyReturn)
		d.answer(false)
		d.answer(false)
		if _, _, can := d.AccessText(); can != "314159" || d.continued != 1 {
			t.Errorf("%q, continued %d times", can, d.continued)
		}
	})
}

// TestMRZFieldFilledShort: a line that was ended and filled up goes on with its check digits, not with a line more.
func TestMRZFieldFilledShort(t *testing.T) {
	application().Settings().SetTheme(theme.DeskTheme(1, theme.Light))
	f := ui.NewMRZField()
	f.Put(specimenTD3[:45+28])
	f.Press(fyne.KeyReturn)
	filled := specimenTD3[:45+28] + strings.Repeat("<", 14)
	f.Answer(kiosk.MRZEntry{Text: f.Text(), Inspection: mrz.Inspection{Lines: strings.Split(filled, "\n"), Format: mrz.TD3}})
	f.TypedRune('1')
	f.TypedRune('0')
	if got, want := f.Text(), filled+"10"; got != want || f.Cursor() != len(want) {
		t.Errorf("got %q, cursor at %d; want %q", got, f.Cursor(), want)
	}
}

// TestMRZFieldTakesEveryKey types anything, with answers that come at any time: the field never leaves its
// bounds, and a zone that is typed after erasing is the zone that stands there.
func TestMRZFieldTakesEveryKey(t *testing.T) {
	keys := []fyne.KeyName{
		fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyHome, fyne.KeyEnd, fyne.KeyBackspace, fyne.KeyDelete, fyne.KeyReturn,
	}
	application().Settings().SetTheme(theme.DeskTheme(1, theme.Light))
	rapid.Check(t, func(t *rapid.T) {
		f := ui.NewMRZField()
		for range rapid.IntRange(0, 60).Draw(t, "strokes") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				f.Press(rapid.SampledFrom(keys).Draw(t, "key"))
			case 1:
				f.Answer(understand(f.Text()))
			case 2:
				f.Swipe(rapid.StringOfN(rapid.RuneFrom([]rune("P<UTO;é\t\n")), 1, 60, -1).Draw(t, "swiped"))
				f.Answer(kiosk.MRZEntry{Text: f.Text(), Inspection: mrz.Inspection{Lines: []string{"P<UTO"}}})
			default:
				for _, r := range rapid.StringOfN(rapid.RuneFrom([]rune("P<UTO0129abç « \t")), 1, 12, -1).Draw(t, "text") {
					f.TypedRune(r)
				}
			}
			text := f.Text()
			if at := f.Cursor(); at < 0 || at > len(text) || strings.Trim(text, "\n <?ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
				t.Fatalf("cursor at %d of %q", at, text)
			}
		}
		f.Put("")
		f.Answer(kiosk.MRZEntry{})
		for _, r := range strings.ReplaceAll(specimenTD3, "\n", "") {
			f.TypedRune(r)
			if rapid.Bool().Draw(t, "answered") {
				f.Answer(understand(f.Text()))
			}
		}
		f.Answer(understand(f.Text()))
		if got := f.Text(); got != specimenTD3 {
			t.Fatalf("%q, want the zone", got)
		}
	})
}

// FuzzMRZField pastes anything into the field, which answers with the lines that were understood.
func FuzzMRZField(f *testing.F) {
	for _, text := range []string{specimenTD3, specimenTD1, "p<uto\r\n«‹ \t?", "\n\n<", strings.Repeat("I<", 200), "\x02P<\x03\uFEFF"} {
		f.Add(text)
	}
	application().Settings().SetTheme(theme.DeskTheme(1, theme.Light))
	f.Fuzz(func(t *testing.T, text string) {
		field := ui.NewMRZField()
		field.Paste(text)
		field.Answer(understand(field.Text()))
		field.Press(fyne.KeyHome)
		field.TypedRune('X')
		field.Press(fyne.KeyBackspace)
		if got, at := field.Text(), field.Cursor(); at < 0 || at > len(got) || len(got) > len(text)*3+1 {
			t.Errorf("cursor at %d of %d characters", at, len(got))
		}
	})
}
