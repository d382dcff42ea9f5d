// Package login signs people in: one browser's way from a name and a PIN over a one-time code to what a service receives,
// and the holder's own acts on their key. It speaks no HTTP; ui/web draws its pages, kiosk/login/oidc asks for services.
//
//	Engine.Begin(request, session) → Visit → Engine.Do(visit, action) … until Visit.Over
//
// A visit turns by plain functions (visit.go); the engine carries out what they ask for on kiosk/signin and the functions
// of schema login. Everything that is kept of it is a row that its token alone finds and opens (sealed.go): nobody who has
// the database can tell who used which service, or that anybody did (Law 37/2014, article 2(9)).
package login
