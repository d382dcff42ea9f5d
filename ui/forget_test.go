package ui_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"balcao/kiosk"
	"balcao/ui"
)

// Once a visit is over no widget holds what it showed: on a page that is hidden it would stay until the page is
// wanted again.
func TestNothingPersonalStaysInWidgets(t *testing.T) {
	pt := kiosk.Portuguese
	for _, oneScreen := range []bool{false, true} {
		for name, visit := range map[string][]func(kiosk.Language) kiosk.State{
			"citizen card": {identity, contact, contactSent, contactWrong, pin(kiosk.PINFirst), pin(kiosk.PINRepeat), review(kiosk.ReviewReading), done},
			"passport":     {half, whole, passport, bring, bringRefused, reviewLong, done},
			"cancelled":    {identity, review(kiosk.ReviewReading), cancelling},
			"idle":         {identityLong, contactSent},
		} {
			t.Run(fmt.Sprint(name, oneScreen), func(t *testing.T) {
				d := newDesk(t, ui.Options{OneScreen: oneScreen})
				words := personal(visit)
				for _, state := range visit {
					d.Show(state(pt))
				}
				shown := d.find(words)
				d.Show(idle(pt))
				for _, place := range d.find(words) {
					t.Errorf("left at %s", place)
				}
				if len(shown) == 0 {
					t.Error("nothing was found while it was shown")
				}
			})
		}
	}
}

// personal lists what the states say of the person, as words that nothing else on a screen has in it.
func personal(visit []func(kiosk.Language) kiosk.State) (words []string) {
	for _, state := range visit {
		s := state(kiosk.Portuguese)
		if id := s.Document.Identity; id != nil {
			words = append(words, id.Surname, id.GivenNames, id.DocumentNumber, id.CivilNumber, id.TaxNumber, id.FullName())
		}
		words = append(words, s.Contact.Phone.Value, s.Contact.Email.Value, s.Contact.Phone.Text)
		if s.Receipt != nil {
			words = append(words, s.Receipt.Person, s.Receipt.Login)
		}
	}
	return slices.DeleteFunc(words, func(w string) bool { return len(w) < 5 })
}

// find returns where in the windows one of the words stands.
func (d *desk) find(words []string) (places []string) {
	type object struct {
		at unsafe.Pointer
		is reflect.Type
	}
	seen := map[object]bool{}
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Pointer:
			o := object{v.UnsafePointer(), v.Type()}
			if v.IsNil() || seen[o] {
				return
			}
			seen[o] = true
			walk(v.Elem(), path)
		case reflect.Interface:
			walk(v.Elem(), path)
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
		case reflect.Slice:
			v = v.Slice(0, v.Cap()) // what was cut off is still in memory
			fallthrough
		case reflect.Array:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				return
			}
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				walk(it.Key(), path+"[key]")
				walk(it.Value(), path+"[]")
			}
		case reflect.String:
			if text := v.String(); slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
				places = append(places, path)
			}
		}
	}
	walk(reflect.ValueOf(d.UI), "UI")
	return places
}
