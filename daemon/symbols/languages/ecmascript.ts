// What TypeScript and JavaScript share. Local variables are not symbols unless they are functions; object literals give
// their methods to whatever holds them.

const FUNCTION = '[(arrow_function) (function_expression) (generator_function)]'

export const ECMASCRIPT_QUERY = `
(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(method_definition name: (_) @name) @method
(pair key: [(property_identifier) (string) (private_property_identifier)] @name value: ${FUNCTION}) @method
(pair key: [(property_identifier) (string)] @name value: (object) (#set! when "holding")) @property
(variable_declarator name: (identifier) @name value: ${FUNCTION}) @function
(export_statement "default" value: ${FUNCTION} @function (#set! name "default"))
(export_statement "default" value: (class) @class (#set! name "default"))
(export_statement "default" value: [(object) (call_expression)] @const (#set! name "default"))
(assignment_expression
  left: (member_expression object: (identifier) @owner property: (property_identifier) @name)
  right: ${FUNCTION}
  (#not-any-of? @owner "exports" "module" "self" "window" "globalThis")) @function
(assignment_expression
  left: (member_expression object: (identifier) @_exports property: (property_identifier) @name)
  right: ${FUNCTION}
  (#any-of? @_exports "exports" "self" "window" "globalThis")) @function
(assignment_expression
  left: (member_expression
    object: (member_expression object: (identifier) @owner property: (property_identifier) @_prototype)
    property: (property_identifier) @name)
  right: ${FUNCTION}
  (#eq? @_prototype "prototype")
  (#not-eq? @owner "module")) @method
(program (lexical_declaration (variable_declarator name: (identifier) @name) @const))
(program (variable_declaration (variable_declarator name: (identifier) @name) @const))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @const)))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name) @const)))
(export_statement declaration: (_ name: (_) @name)) @span
(export_statement
  declaration: (lexical_declaration . (variable_declarator name: (identifier) @name) .)) @span
`
