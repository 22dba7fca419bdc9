-- Whether a point lies in a polygon, by its corners: inside(x, y, [[0, 0], [1, 0], [0, 1]]).
-- It does where a ray from it crosses the edges an odd number of times (Shimrat 1962); points
-- outside the polygon's bounding box are ruled out first.
CREATE OR REPLACE MACRO inside(x, y, corners) AS
    x BETWEEN list_min(list_transform(corners, lambda p: p[1]))
        AND list_max(list_transform(corners, lambda p: p[1]))
    AND y BETWEEN list_min(list_transform(corners, lambda p: p[2]))
        AND list_max(list_transform(corners, lambda p: p[2]))
    AND len(list_filter(
        list_zip(corners, corners[2:] || corners[:1]),
        lambda e: (e[1][2] > y) <> (e[2][2] > y)
            AND x < e[1][1] + (e[2][1] - e[1][1]) * (y - e[1][2]) / (e[2][2] - e[1][2])
    )) % 2 = 1;
