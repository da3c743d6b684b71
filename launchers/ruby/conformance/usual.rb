def lambda(_input, _environment) = ->() { "usual" }.call
