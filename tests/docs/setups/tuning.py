import pandas as pd
from sklearn.linear_model import LinearRegression

import pretzel

rows = pd.DataFrame({"age": [23.5, 45.0, 31.0, 62.0], "visits": [1.0, 5.5, 2.0, 9.0]})
rows.to_csv("rows.csv", index=False)
pretzel.ControlPlane("127.0.0.1:8101").deploy("churn", LinearRegression().fit(rows, [1, 2, 3, 4]), sample=rows)
