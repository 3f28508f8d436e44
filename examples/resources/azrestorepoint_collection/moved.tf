# In the place of the azapi_resource, beside the collection above: nothing is made anew.
moved {
  from = azapi_resource.example
  to   = azrestorepoint_collection.example
}
