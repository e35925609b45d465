"""Entry point: puts the application together; everything it does lives in chalicelib."""

from chalice.app import Chalice

# Lambda looks each function up here, which loads the middleware along with it (aws/chalice#1566).
__all__ = ["app"]

app = Chalice(app_name="itinera", configure_logs=False)


@app.route("/health")
def show_health() -> dict[str, str]:
    return {"status": "up"}
