# In the place of the azapi_resource, beside the copy above: nothing is copied anew.
moved {
  from = azapi_resource.example
  to   = azrestorepoint_copy.example
}
