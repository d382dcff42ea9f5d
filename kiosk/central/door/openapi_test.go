package door

import (
	_ "embed"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

//go:embed openapi.yaml
var specification []byte

// The parts of an OpenAPI 3.1 document that are used here; whatever else stands in it is an error.
type (
	document struct {
		OpenAPI    string
		Info       struct{ Title, Version, Description string }
		Security   []map[string][]string
		Paths      map[string]pathItem
		Components struct {
			SecuritySchemes map[string]struct{ Type, Description string } `yaml:"securitySchemes"`
			Parameters      map[string]parameter
			Responses       map[string]response
			Schemas         map[string]schema
		}
	}
	pathItem struct {
		Parameters     []parameter
		Get, Put, Post *operation
	}
	operation struct {
		Summary, Description string
		Security             *[]map[string][]string
		Body                 *int64 `yaml:"x-body-limit"`
		RequestBody          *struct {
			Required bool
			Content  map[string]media
		} `yaml:"requestBody"`
		Responses map[string]response
	}
	parameter struct {
		Ref      string `yaml:"$ref"`
		Name, In string
		Required bool
		Schema   schema
	}
	response struct {
		Ref         string `yaml:"$ref"`
		Description string
		Headers     map[string]struct {
			Description string
			Schema      schema
		}
		Content map[string]media
	}
	media  struct{ Schema schema }
	schema struct {
		Ref                       string `yaml:"$ref"`
		Type, Format, Description string
		Encoding                  string `yaml:"contentEncoding"`
		Const                     string
		Minimum                   int
		Enum                      []any
		Required                  []string
		Additional                *bool `yaml:"additionalProperties"`
		Properties                map[string]schema
		Items                     *schema
	}
)

func loadSpecification(t *testing.T) document {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(string(specification)))
	d.KnownFields(true)
	var doc document
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// said is one call as either side has it.
type said struct {
	Body                      int64
	Identifiers               string
	Request, Status, Answer   string
	Open                      bool // needs no certificate
	MediaRequest, MediaAnswer string
}

const schemas = "#/components/schemas/"

func (doc document) calls(t *testing.T) map[string]said {
	calls := map[string]said{}
	for path, item := range doc.Paths {
		var ids []string
		for _, p := range item.Parameters {
			name := strings.TrimPrefix(p.Ref, "#/components/parameters/")
			p, known := doc.Components.Parameters[name]
			if !known || p.Name != name || p.In != "path" || !p.Required || p.Schema.Format != "uuid" {
				t.Errorf("%s: parameter %q", path, name)
			}
			ids = append(ids, name)
		}
		for method, o := range map[string]*operation{http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post} {
			if o == nil {
				continue
			}
			c := said{Identifiers: strings.Join(ids, ","), Open: o.Security != nil && len(*o.Security) == 0}
			if o.Body == nil || o.Summary == "" {
				t.Fatalf("%s %s has no summary or no limit of its body", method, path)
			}
			c.Body = *o.Body
			if o.RequestBody != nil {
				for media, content := range o.RequestBody.Content {
					c.MediaRequest, c.Request = media, strings.TrimPrefix(content.Schema.Ref, schemas)
				}
			}
			if o.Responses["default"].Ref != "#/components/responses/Problem" || len(o.Responses) != 2 {
				t.Errorf("%s %s: want one answer, and problems as the default", method, path)
			}
			for status, r := range o.Responses {
				if status == "default" {
					continue
				}
				c.Status = status
				for media, content := range r.Content {
					c.MediaAnswer, c.Answer = media, strings.TrimPrefix(content.Schema.Ref, schemas)
				}
			}
			calls[method+" "+path] = c
		}
	}
	return calls
}

// TestSpecificationCalls holds openapi.yaml against the table of calls, both ways.
func TestSpecificationCalls(t *testing.T) {
	doc := loadSpecification(t)
	got, want := doc.calls(t), map[string]said{
		"GET " + central.PathEvents: {Status: "200", MediaAnswer: central.MediaEvents, Answer: "Notice"},
		"GET " + pathHealth:         {Status: "204", Open: true},
		"GET " + pathReady:          {Status: "204", Open: true},
	}
	for _, e := range endpoints {
		c := said{Body: e.body, Identifiers: strings.Join(identifiers(e.path), ","), Status: "204"}
		if e.request != nil {
			c.MediaRequest, c.Request = central.MediaJSON, reflect.TypeOf(e.request).Name()
		}
		if e.answer != nil {
			c.Status, c.MediaAnswer, c.Answer = "200", central.MediaJSON, reflect.TypeOf(e.answer).Name()
		}
		want[e.method+" "+e.path] = c
	}
	for call := range maps.Keys(want) {
		if got[call] != want[call] {
			t.Errorf("%s: openapi.yaml says %+v, the door %+v", call, got[call], want[call])
		}
		delete(got, call)
	}
	for call := range got {
		t.Errorf("%s is in openapi.yaml, and there is no such call", call)
	}
	if s := doc.Components.SecuritySchemes["desk"]; s.Type != "mutualTLS" || len(doc.Security) != 1 || doc.Security[0]["desk"] == nil {
		t.Error("a desk's certificate is not asked for")
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1" {
		t.Errorf("version %s of OpenAPI, %s of the interface", doc.OpenAPI, doc.Info.Version)
	}
}

// schemaOf is the schema of a Go type on the wire, without what only people read.
func schemaOf(t reflect.Type) schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[kiosk.Date]():
		return schema{Type: "string", Format: "date"}
	case reflect.TypeFor[uuid.UUID]():
		return schema{Type: "string", Format: "uuid"}
	case reflect.TypeFor[[]byte]():
		return schema{Type: "string", Encoding: "base64"}
	case reflect.TypeFor[json.RawMessage]():
		return schema{Type: "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Map:
		return schema{Type: "object"}
	case reflect.Float64:
		return schema{Type: "number"}
	case reflect.Struct:
		return schema{Ref: schemas + t.Name()}
	case reflect.Slice:
		of := schemaOf(t.Elem())
		return schema{Type: "array", Items: &of}
	case reflect.String:
		return schema{Type: "string"}
	case reflect.Bool:
		return schema{Type: "boolean"}
	default:
		return schema{Type: "integer"}
	}
}

// TestSpecificationSchemas holds the schemas against the types that are sent, both ways.
func TestSpecificationSchemas(t *testing.T) {
	doc := loadSpecification(t)
	kinds := map[string]any{"Problem": central.Problem{}, "Notice": central.Notice{}, "Case": central.Case{}, "Message": central.Message{}, "CaseCheck": central.CaseCheck{},
		"Key": kiosk.Key{}, "PendingCode": kiosk.PendingCode{}, "MaskedContact": kiosk.MaskedContact{}, "NumberOf": kiosk.NumberOf{},
		"KeyEvent": kiosk.KeyEvent{}, "LogReceipt": central.LogReceipt{}, "PostalAddress": kiosk.PostalAddress{}, "ErrandCount": central.ErrandCount{},
		"Alert": central.Alert{}, "AlertSeen": central.AlertSeen{}}
	requests := map[string]bool{"PostalAddress": true} // in one
	for _, e := range endpoints {
		for _, v := range []any{e.request, e.answer} {
			if v != nil {
				kinds[reflect.TypeOf(v).Name()] = v
			}
		}
		if e.request != nil {
			requests[reflect.TypeOf(e.request).Name()] = true
		}
	}
	for name, v := range kinds {
		s := doc.Components.Schemas[name]
		var required []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			m := member(f)
			if m == "" {
				continue
			}
			for got, want := s.Properties[m], schemaOf(f.Type); ; got, want = *got.Items, *want.Items {
				if got.Ref != want.Ref || got.Type != want.Type || got.Format != want.Format || got.Encoding != want.Encoding {
					t.Errorf("%s.%s: openapi.yaml says %q %q %q, the door %q %q %q", name, m,
						got.Type+got.Ref, got.Format, got.Encoding, want.Type+want.Ref, want.Format, want.Encoding)
				}
				if got.Items == nil || want.Items == nil {
					if got.Items != want.Items {
						t.Errorf("%s.%s: of what is the array?", name, m)
					}
					break
				}
			}
			delete(s.Properties, m)
			if _, options, _ := strings.Cut(f.Tag.Get("json"), ","); !strings.Contains(options, "omit") {
				required = append(required, m)
			}
		}
		for m := range s.Properties {
			t.Errorf("%s.%s is in openapi.yaml and is never said", name, m)
		}
		// What has to be sent is said by the database, see TestRequiredMembers; what is always heard by the types.
		if got := slices.Sorted(slices.Values(s.Required)); !requests[name] && !slices.Equal(got, slices.Sorted(slices.Values(required))) {
			t.Errorf("%s: openapi.yaml requires %v, the door says %v always", name, got, required)
		}
		if closed := s.Additional != nil && !*s.Additional; closed != requests[name] {
			t.Errorf("%s: unknown members are refused in requests, and nowhere else", name)
		}
		delete(doc.Components.Schemas, name)
	}
	for name := range doc.Components.Schemas {
		t.Errorf("schema %s is of nothing that is said", name)
	}
}

// TestSpecificationProblems holds the codes and the status of problems against those that the door makes.
func TestSpecificationProblems(t *testing.T) {
	codes, statuses := map[any]bool{}, map[any]bool{}
	for code, status := range refusals {
		codes[code], statuses[status] = true, true
	}
	for _, p := range []*problem{errNameless, errNoPath, errMethod, errMalformed, errNoLength, errTooLarge, errMedia,
		errStatement, errRecord, errSlow, errBusy, errUnavailable, errInternal, errGone} {
		codes[p.code], statuses[p.status] = true, true
	}
	s := loadSpecification(t).Components.Schemas["Problem"]
	for member, want := range map[string]map[any]bool{"code": codes, "status": statuses} {
		got := map[any]bool{}
		for _, v := range s.Properties[member].Enum {
			got[v] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: openapi.yaml says %v, the door %v", member, got, want)
		}
	}
}
