"""The paper's Fig. 3: how far a hole moves a photo's semantic token, and how far the adaptation MLP brings it back.

    subject -> measure.measure -> statistics.similarity, statistics.embed -> page.write

`subject` is the network that gives the tokens, `measure` takes those of photos with holes of all sizes, `statistics`
turns them into numbers, `plots` and `page` show these.
"""
