from metalcraft_workflow.moved import forward

__version__ = "1.0.0"

forward()
