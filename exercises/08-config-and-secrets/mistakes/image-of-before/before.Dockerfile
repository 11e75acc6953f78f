FROM python:3.11-slim
RUN pip install --no-cache-dir --root-user-action=ignore pg8000==1.31.2
WORKDIR /app
COPY . .
CMD ["python", "api.py"]
