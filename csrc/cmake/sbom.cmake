# install_sbom(<library> VERSION <version> TOOLS <name=version>... [CONTAINS <name=version=licence>...]
#              [NEEDS <name=version>...])
#
# Installs share/sbom/<library>.cdx.json: what the library is made of, in CycloneDX 1.6. CONTAINS: linked into it; NEEDS:
# found beside it at run time; TOOLS: compiled it. The same inputs give the same text: no time, no random number.
include(GNUInstallDirs)

function(install_sbom library)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "VERSION" "TOOLS;CONTAINS;NEEDS")
  set(components "")
  set(references "")
  foreach(part IN LISTS arg_CONTAINS)
    string(REPLACE "=" ";" part "${part}")
    list(GET part 0 name)
    list(GET part 1 version)
    list(GET part 2 licence)
    list(APPEND components
         "{\"type\": \"library\", \"bom-ref\": \"${name}\", \"name\": \"${name}\", \"version\": \"${version}\", \"scope\": \"required\", \"licenses\": [{\"license\": {\"name\": \"${licence}\"}}]}")
    list(APPEND references "\"${name}\"")
  endforeach()
  foreach(part IN LISTS arg_NEEDS)
    string(REPLACE "=" ";" part "${part}")
    list(GET part 0 name)
    list(GET part 1 version)
    list(APPEND components
         "{\"type\": \"library\", \"bom-ref\": \"${name}\", \"name\": \"${name}\", \"version\": \"${version}\", \"scope\": \"excluded\"}")
    list(APPEND references "\"${name}\"")
  endforeach()
  set(tools "")
  foreach(part IN LISTS arg_TOOLS)
    string(REPLACE "=" ";" part "${part}")
    list(GET part 0 name)
    list(GET part 1 version)
    list(APPEND tools "{\"type\": \"application\", \"name\": \"${name}\", \"version\": \"${version}\"}")
  endforeach()
  list(JOIN components ",\n    " components)
  list(JOIN references ", " references)
  list(JOIN tools ",\n      " tools)
  string(UUID identity NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8
         NAME "${library} ${arg_VERSION} ${components} ${tools}" TYPE SHA1)
  set(file "${CMAKE_CURRENT_BINARY_DIR}/${library}.cdx.json")
  file(WRITE "${file}" "{
  \"bomFormat\": \"CycloneDX\",
  \"specVersion\": \"1.6\",
  \"serialNumber\": \"urn:uuid:${identity}\",
  \"version\": 1,
  \"metadata\": {
    \"tools\": {\"components\": [
      ${tools}
    ]},
    \"component\": {
      \"type\": \"library\", \"bom-ref\": \"${library}\", \"name\": \"${library}\", \"version\": \"${arg_VERSION}\",
      \"licenses\": [{\"license\": {\"id\": \"Apache-2.0\"}}]
    }
  },
  \"components\": [
    ${components}
  ],
  \"dependencies\": [{\"ref\": \"${library}\", \"dependsOn\": [${references}]}]
}
")
  install(FILES "${file}" DESTINATION ${CMAKE_INSTALL_DATADIR}/sbom)
endfunction()
