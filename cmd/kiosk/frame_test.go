package main

import (
	"testing"

	"balcao/kiosk"
)

func typing(text string) kiosk.State {
	s := kiosk.State{Case: 3, Step: kiosk.StepDocument}
	s.Document.Access = kiosk.AccessState{Asked: true, MRZ: kiosk.MRZEntry{Text: text}}
	return s
}

func TestFrames(t *testing.T) {
	var f frames
	photo := kiosk.State{Case: 3, Step: kiosk.StepIdentity}
	photo.Document.Photo = &kiosk.Photo{}
	later := photo
	later.Document.Photo = nil
	wrong := typing("ABC")
	wrong.Document.Access.Wrong = 1
	for i, s := range []kiosk.State{typing("A"), typing("AB"), typing("ABC"), wrong, photo, later, {}} {
		if first := f.add(s); first != (i == 0) {
			t.Errorf("state %d: got first %v", i, first)
		}
	}
	drawn := f.take()
	if len(drawn) != 5 {
		t.Fatalf("got %d states drawn, want the last that was typed, the wrong try, both of the photograph and the empty desk", len(drawn))
	}
	if got := drawn[0].Document.Access.MRZ.Text; got != "ABC" {
		t.Errorf("got %q drawn, want what was typed last", got)
	}
	if len(f.take()) != 0 || !f.add(kiosk.State{}) {
		t.Error("a state was drawn twice, or nobody is told of the next")
	}
}
